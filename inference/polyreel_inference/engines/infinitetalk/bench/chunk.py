"""Chunks of random content, for steps as the engine makes them."""

import torch

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.flops import TransformerShape
from polyreel_inference.engines.infinitetalk.bench.setting import Setting
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.serving.bench.step_figures import StepFigures
from polyreel_inference.serving.bench.stopwatch import TimedGate


def random_chunk(setting: Setting, steps: int) -> ChunkRequest:
    """Return a chunk of the given size; several speakers share the picture in columns."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator)

    shape = TransformerShape.from_config(setting.base.transformer_config())
    latent_frames, height, width = setting.latents
    audio, people = setting.audio, setting.people
    return ChunkRequest(
        sampling=setting.sampling(steps),
        noise=drawn(shape.out_channels, *setting.latents),
        motion=drawn(shape.out_channels, (setting.motion_frames - 1) // 4 + 1, height, width),
        condition=drawn(shape.in_channels - shape.out_channels, *setting.latents),
        image=drawn(shape.image_tokens, shape.image_dim),
        text=drawn(shape.text_tokens, shape.text_dim),
        negative_text=drawn(shape.text_tokens, shape.text_dim),
        windows=drawn(people, 4 * latent_frames - 3, audio.window, audio.layers, audio.width),
        masks=None if people == 1 else _masks(people, height // 2, width // 2),
    )


def measure_steps(
    denoiser: ChunkDenoiser, request: ChunkRequest, backend: Backend, warm_up: int
) -> StepFigures:
    """Time every step of `request` but the first `warm_up`, which compile, allocate and embed the prompt."""
    gate = TimedGate(backend, warm_up)
    denoiser.run(request, gate)
    return gate.finish()


def _masks(people: int, height: int, width: int) -> torch.Tensor:
    owners = torch.arange(height * width) % (people + 1)
    return torch.stack([owners == person for person in range(people + 1)]).view(-1, height, width).float()
