"""Blocks that ranks hold together: whole ones only while in use, and less memory at the load."""

from pathlib import Path

import pytest
import torch
from torch import nn

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.memory.sharded_blocks import ShardedBlocks
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.name_maps import same_names
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.parallel.data_group import DataGroup
from polyreel_inference.parallel.errors import CollectiveFailed
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks
from tests.checkpoints.files import write_shards
from tests.diffusion.weights.live_memory import LiveMemory
from tests.parallel.rank_runner import run_ranks

CPU = torch.device("cpu")
COUNT, WIDTH = 5, 7


class Tower(nn.Module):
    """Blocks of three number types, none a multiple of the ranks, between two other layers."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.entrance = nn.Linear(width, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width)) for _ in range(count)
        )

    def named(self) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(3)
        return {
            name: torch.randn(value.shape, generator=generator) for name, value in self.state_dict().items()
        }


def gather_blocks(ranks: Ranks, folder: Path) -> list[list[dict[str, torch.Tensor]]]:
    """Load a tower in parts and run through its blocks twice; every rank tells what it saw."""
    mesh = open_mesh(CpuBackend(), ranks, ranks.size, shared_weights=True)
    runs = []
    for quantization in (None, "int8"):
        sharded = ShardedBlocks(mesh.weights, CPU)
        tower = load_tower(folder, sharded, quantization)
        assert all(not any(value.any() for value in block.state_dict().values()) for block in tower.blocks)
        with torch.inference_mode():
            for _ in range(2):
                seen = [_copied(block) for block in sharded.blocks()]
                runs.append(seen)
    mesh.close()
    return runs


def load_tower(folder: Path, sharded: ShardedBlocks | None, quantization: str | None) -> Tower:
    """Load it from `folder` in bfloat16, with norms in float32."""
    return load_module(
        lambda: Tower(COUNT, WIDTH),
        TensorFiles.in_folder(folder, "tower"),
        same_names,
        dtype=torch.bfloat16,
        device=CPU,
        keep_float32=("1",),
        quantization=quantization,
        take_block=None if sharded is None else sharded.take,
    )


def _copied(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("count", [2, 4])
def test_ranks_gather_the_blocks_they_hold_together(tmp_path: Path, count: int) -> None:
    write_shards(tmp_path, "tower", Tower(COUNT, WIDTH).named(), shards=3)
    plain, _, quantized, _ = wanted = [
        [_copied(block) for block in load_tower(tmp_path, None, word).blocks]
        for word in (None, None, "int8", "int8")
    ]
    assert {value.dtype for value in plain[0].values()} == {torch.bfloat16, torch.float32}
    assert torch.int8 in {value.dtype for value in quantized[0].values()}
    for runs in run_ranks(count, f"{__name__}:gather_blocks", tmp_path):
        for run, expected in zip(runs, wanted, strict=True):
            for block, reference in zip(run, expected, strict=True):
                assert block.keys() == reference.keys()
                assert all(torch.equal(block[name], value) for name, value in reference.items())


def test_loading_holds_a_share_and_three_blocks(tmp_path: Path) -> None:
    count, width, ranks = 32, 96, 8
    write_shards(tmp_path, "tower", Tower(count, width).named(), shards=4)
    sharded = ShardedBlocks(DataGroup(3, ranks), CPU)
    with LiveMemory() as memory:
        tower = load_module(
            lambda: Tower(count, width),
            TensorFiles.in_folder(tmp_path, "tower"),
            same_names,
            dtype=torch.float32,
            device=CPU,
            take_block=sharded.take,
        )
    block = 4 * (width * width + 3 * width)
    assert sum(value.nbytes for value in tower.blocks.state_dict().values()) == count * block
    # Its share; two slots, and while a block is taken that one twice; layers outside the blocks.
    assert (
        count * block / ranks <= memory.peak <= 1.05 * (count * block / ranks + 4 * block + 4 * width * width)
    )


def test_nobody_to_share_with_is_refused() -> None:
    with pytest.raises(ValueError, match="choose a Ulysses size above 1"):
        open_mesh(CpuBackend(), Ranks(0, 2, 0), 1, 2, shared_weights=True)


def test_without_a_connection_blocks_cannot_be_had() -> None:
    sharded = ShardedBlocks(DataGroup(0, 2), CPU)
    sharded.take(nn.Linear(2, 2))
    with pytest.raises(CollectiveFailed, match="closed"):
        next(iter(sharded.blocks()))
