"""A transformer small enough for loops, and inputs for it."""

import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.engines.infinitetalk.transformer.speech import Speech
from polyreel_inference.parallel.mesh import Mesh

HEADS, HEAD_SIZE, LAYERS = 4, 12, 2
STATES = 16
SIZES = AudioSizes(layers=2, width=8, hidden=16, tokens=4)
Size = tuple[int, int, int]


def single_runtime(backend: Backend | None = None) -> Runtime:
    """One process on the CPU, or on another device."""
    return Runtime(backend or CpuBackend(), Mesh.single())


def random_numbers(*shape: int, seed: int) -> Tensor:
    """Return normal random numbers that depend on nothing but the shape and the seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tiny_transformer() -> InfiniteTalkTransformer:
    """Return a transformer with random weights; those of norms are around 1."""
    model = InfiniteTalkTransformer(
        SIZES,
        patch_size=(1, 2, 2),
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_SIZE,
        in_channels=36,
        out_channels=16,
        text_dim=STATES,
        ffn_dim=64,
        num_layers=LAYERS,
        image_dim=STATES,
        added_kv_proj_dim=HEADS * HEAD_SIZE,
    )
    generator = torch.Generator().manual_seed(0)
    for name, value in sorted(model.state_dict().items()):
        owner, _, leaf = name.rpartition(".")
        drawn = torch.randn(value.shape, generator=generator) * 0.15
        is_norm = "norm" in owner.rpartition(".")[2] and leaf == "weight"
        value.copy_(drawn + 1 if is_norm else drawn)
    model.eval().requires_grad_(False)
    return model


def windows(people: int, latent_frames: int, seed: int = 5) -> Tensor:
    """Return random speech windows for so many latent frames."""
    return random_numbers(people, 4 * latent_frames - 3, SIZES.window, SIZES.layers, SIZES.width, seed=seed)


def masks(people: int, height: int, width: int) -> Tensor:
    """Return masks on a token grid that give everyone, and the background, some tokens."""
    owners = torch.arange(height * width).reshape(height, width) % (people + 1)
    return torch.stack([owners == person for person in range(people + 1)])


def speech_of(model: InfiniteTalkTransformer, runtime: Runtime, people: int, size: Size) -> Speech:
    """Return the speech of so many people for latents of `size` (T, h, w); of nobody: silence."""
    if people == 0:
        return model.silence(4 * size[0] - 3, runtime=runtime)
    grid = masks(people, size[1] // 2, size[2] // 2)
    return model.speech(windows(people, size[0]), grid, runtime=runtime)


def velocity_of(model: InfiniteTalkTransformer, runtime: Runtime, people: int, size: Size) -> Tensor:
    """Return the velocity at random latents of `size` (T, h, w)."""
    context = model.embed(
        random_numbers(1, 6, STATES, seed=1), random_numbers(1, 9, STATES, seed=2), runtime=runtime
    )
    speech = speech_of(model, runtime, people, size)
    latents = random_numbers(1, 36, *size, seed=3)
    with torch.inference_mode():
        return model.velocity(latents, torch.tensor([600.0]), context, speech, runtime=runtime)
