"""What the ranks of `test_ranks` do: the same chunks, shared in different ways."""

from typing import Any

import torch
from torch import Tensor

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.infinitetalk.sampling.chunk_requests import UNEVEN, chunk_request, varied_requests
from tests.infinitetalk.transformer.tiny_transformer import tiny_transformer
from tests.parallel.cancelled_job import lead_and_cancel


def denoise(ranks: Ranks, sizes: tuple[int, int]) -> list[Tensor]:
    """Denoise all chunks on a mesh of Ulysses size and guidance size `sizes`, as every rank sees them."""
    mesh = open_mesh(open_backend("cpu"), ranks, *sizes)
    denoiser = _denoiser(mesh)
    results = [denoiser.run(one, SingleGate(lambda _: None)) for one in varied_requests()]
    mesh.close()
    return results


def cancel_and_denoise(ranks: Ranks, sizes: tuple[int, int]) -> dict[str, Any] | None:
    """Cancel a team's first chunk before its third step and finish the second."""
    mesh = open_mesh(open_backend("cpu"), ranks, *sizes)
    team = Team(mesh, open_backend("cpu"), _denoiser(mesh).run)
    return lead_and_cancel(team, chunk_request(), 2, chunk_request(UNEVEN, people=2, motion=2))


def _denoiser(mesh: Mesh) -> ChunkDenoiser:
    torch.set_num_threads(1)
    return ChunkDenoiser(tiny_transformer(), Runtime(open_backend("cpu"), mesh))
