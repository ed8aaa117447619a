"""What the ranks of `test_ranks` do: the same denoisings, shared in different ways."""

from typing import Any

import torch
from torch import Tensor

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.diffusion.tiny_models import image_states, our_transformer, random_numbers, text_states
from tests.parallel.cancelled_job import lead_and_cancel

EVEN, UNEVEN = (2, 4, 8), (3, 6, 10)
"""Latent sizes of 16 tokens, which 2 and 4 ranks divide, and of 45, which they do not."""


def request(size: tuple[int, int, int], seed: int = 1, **changes: Any) -> DenoiseRequest:
    """Return a guided image-to-video request of three steps."""
    states = image_states("i2v", 7)
    fields: dict[str, Any] = {
        "text": text_states(seed)[0],
        "negative_text": text_states(seed + 1)[0],
        "image": None if states is None else states[0],
        "condition": random_numbers(20, *size, seed=seed),
        "shape": (16, *size),
        "seed": seed,
        "steps": 3,
        "shift": 3.0,
        "guidance_scale": 4.0,
    }
    return DenoiseRequest(**fields | changes)


def requests() -> list[DenoiseRequest]:
    """Return what is denoised on every mesh: even and uneven tokens, without guidance, and with a cache."""
    return [
        request(EVEN),
        request(UNEVEN, 3),
        request(UNEVEN, guidance_scale=1.0, negative_text=None),
        request(EVEN, steps=8, step_cache_threshold=0.5),
    ]


def denoise(ranks: Ranks, sizes: tuple[int, int]) -> list[Tensor]:
    """Denoise all requests on a mesh of Ulysses size and guidance size `sizes`, as every rank sees them."""
    mesh = open_mesh(open_backend("cpu"), ranks, *sizes)
    denoiser = _denoiser(mesh)
    results = [denoiser.run(one, SingleGate(lambda _: None)) for one in requests()]
    mesh.close()
    return results


def cancel_and_denoise(ranks: Ranks, sizes: tuple[int, int]) -> dict[str, Any] | None:
    """Cancel a team's first request before its third step and finish the second."""
    mesh = open_mesh(open_backend("cpu"), ranks, *sizes)
    team = Team(mesh, open_backend("cpu"), _denoiser(mesh).run)
    return lead_and_cancel(team, request(EVEN, 3), 2, request(UNEVEN, 3))


def _denoiser(mesh: Mesh) -> Denoiser:
    torch.set_num_threads(1)
    runtime = Runtime(open_backend("cpu"), mesh)
    return Denoiser([our_transformer("i2v")], runtime, step_cache_coefficients=(1.0, 0.0))
