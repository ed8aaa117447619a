"""The published files, loaded by ranks that keep a part of each block: chunks are those of one rank."""

from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.memory.sharded_blocks import ShardedBlocks
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import (
    InfiniteTalkPipeline,
)
from polyreel_inference.engines.infinitetalk.reference.source import StillReference
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.parallel.gate import Check, SingleGate
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.pipeline.making import load, talk
from tests.parallel.rank_runner import run_ranks


def denoise(ranks: Ranks, payload: dict[str, Any]) -> Tensor:
    """Load the model with shared weights and denoise a chunk."""
    files: InfiniteTalkFiles = payload["files"]
    mesh = open_mesh(CpuBackend(), ranks, ranks.size, shared_weights=True)
    model = InfiniteTalkModel.open(files.base, [files.multi], files.speech)
    loader = InfiniteTalkLoader(CpuBackend(), mesh, payload["settings"])
    transformer = loader.transformer(model)
    assert isinstance(transformer.block_placement, ShardedBlocks)
    assert not any(value.any() for value in transformer.blocks.state_dict().values())
    latents = loader.denoiser(model).run(payload["request"], SingleGate(lambda _: None))
    mesh.close()
    return latents


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_ranks_with_parts_of_the_weights_make_the_chunk_of_one_rank(
    files: InfiniteTalkFiles, reference: StillReference, quantize: str | None
) -> None:
    settings = LoadSettings(quantize=quantize)
    alone = load(files, "multi", settings)
    made: list[tuple[ChunkRequest, Tensor]] = []

    def remember(request: ChunkRequest, check: Check) -> Tensor:
        made.append((request, alone.denoise(request, check)))
        return made[-1][1]

    next(InfiniteTalkPipeline(alone.networks, remember).generate(talk(reference, people=2), lambda _: None))
    request, expected = made[0]
    payload = {"files": files, "settings": settings, "request": request}
    for latents in run_ranks(2, f"{__name__}:denoise", payload):
        torch.testing.assert_close(latents, expected, rtol=0, atol=1e-4)
