"""The tiny model at work, alone or as one of several ranks."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import Networks, load_networks
from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise, SynthesisRequest
from polyreel_inference.engines.latentsync.synthesis.chunk_synthesizer import ChunkSynthesizer
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.latentsync.golden_inputs import face_crops, values
from tests.parallel.cancelled_job import lead_and_cancel

RESOLUTION = 64
SEED = 1247


@cache
def mask() -> Tensor:
    """The fixed mask of the tiny model's crops."""
    return torch.tensor(keep_mask(RESOLUTION), dtype=torch.float32)


def request(lengths: Sequence[int], settings: DenoiseSettings, name: str = "sampling") -> SynthesisRequest:
    """Cut the crops and the speech of the golden numbers into chunks of `lengths`."""
    crops = torch.from_numpy(face_crops(name, sum(lengths), RESOLUTION))
    speech = values(f"{name} speech", sum(lengths), 50, 384)
    noise = JobNoise(SEED, RESOLUTION)
    pieces = zip(crops.split(list(lengths)), speech.split(list(lengths)), strict=True)
    return SynthesisRequest([noise.chunk(*piece) for piece in pieces], noise.noise, settings)


def synthesizer(
    networks: Networks, backend: Backend | None = None, mesh: Mesh | None = None, batch: int = 1
) -> ChunkSynthesizer:
    """On the CPU and alone where nothing else is said."""
    return ChunkSynthesizer(networks, mask(), backend or CpuBackend(), mesh or Mesh.single(), batch=batch)


def made(one: ChunkSynthesizer, asked: SynthesisRequest) -> list[Tensor]:
    """Run a request that nobody cancels."""
    return one.run(asked, SingleGate(lambda _: None))


def synthesize(ranks: Ranks, payload: dict[str, Any]) -> list[Tensor]:
    """Make chunks of `lengths` of the model at `folder`, as every rank sees them."""
    torch.set_num_threads(1)
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ranks.size)
    networks = load_networks(LatentSyncFolder.open(Path(payload["folder"])), backend)
    asked = request(payload["lengths"], DenoiseSettings(**payload["settings"]))
    crops = made(synthesizer(networks, backend, mesh, payload["batch"]), asked)
    mesh.close()
    return crops


def cancel_and_synthesize(ranks: Ranks, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Cancel a team's first request before its second round's second step, and finish the next one."""
    torch.set_num_threads(1)
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ranks.size)
    networks = load_networks(LatentSyncFolder.open(Path(payload["folder"])), backend)
    team = Team(mesh, backend, synthesizer(networks, backend, mesh).run)
    asked = request(payload["lengths"], DenoiseSettings(**payload["settings"]))
    return lead_and_cancel(team, asked, 3, asked)
