"""Denoising steps as the engine makes them, on random requests."""

import torch

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.engines.wan.bench.setting import Setting
from polyreel_inference.serving.bench.step_figures import StepFigures
from polyreel_inference.serving.bench.stopwatch import TimedGate


def random_request(setting: Setting, steps: int) -> DenoiseRequest:
    """Return a request of so many steps; two experts share them as they do in a video."""
    shape, latents, guided = setting.shape, setting.latents, setting.forwards == 2
    generator = torch.Generator().manual_seed(0)

    def drawn(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator)

    conditioned = shape.in_channels > shape.out_channels
    return DenoiseRequest(
        text=drawn(shape.text_tokens, shape.text_dim),
        negative_text=drawn(shape.text_tokens, shape.text_dim) if guided else None,
        guidance_scale=5.0 if guided else 1.0,
        image=drawn(shape.image_tokens, shape.image_dim) if shape.image_tokens else None,
        condition=drawn(shape.in_channels - shape.out_channels, *latents) if conditioned else None,
        shape=(shape.out_channels, *latents),
        seed=0,
        steps=steps,
        shift=5.0,
        method="unipc" if guided else "distilled",
        boundary=setting.architecture.boundary,
    )


def measure_denoising(
    denoiser: Denoiser, request: DenoiseRequest, backend: Backend, warm_up: int
) -> StepFigures:
    """Time every step of `request` but the first `warm_up`, which compile, allocate and embed the prompt."""
    gate = TimedGate(backend, warm_up)
    denoiser.run(request, gate)
    return gate.finish()
