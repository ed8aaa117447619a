"""Blocks whose weights the ranks hold together, each a part.

Rajbhandari et al., "ZeRO" (arXiv 1910.02054), section 5.3: parameters are gathered for their use and let go.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import nn

from polyreel_inference.diffusion.memory.flat_layout import Buffers, FlatLayout
from polyreel_inference.parallel.data_group import DataGroup

# One slot computes while the other one is filled.
_SLOTS = 2


@dataclass(frozen=True)
class _Shard:
    """A block, the layout of its whole weights, and this rank's part of the flat buffers."""

    block: nn.Module
    layout: FlatLayout
    part: Buffers


class ShardedBlocks:
    """A `BlockPlacement` by which each rank of `group` holds 1 / size of every block, and two whole ones.

    `take` the blocks in order as soon as each has its weights. A block is gathered while the one before it
    computes. All ranks have to run the blocks the same number of times. Weights of every kind can be shared,
    quantised ones and LoRA factors too, as only memory is.
    """

    def __init__(self, group: DataGroup, device: torch.device) -> None:
        self._group = group
        self._device = device
        self._shards: list[_Shard] = []
        self._slots: list[dict[torch.dtype, torch.Tensor]] = [{} for _ in range(_SLOTS)]

    def take(self, block: nn.Module) -> None:
        """Keep this rank's part of the next block's weights; the whole ones are let go."""
        block.to(self._device)
        layout, size = FlatLayout(block), self._group.size
        lengths = {dtype: -(-elements // size) * size for dtype, elements in layout.sizes.items()}
        whole = {dtype: self._empty(dtype, length) for dtype, length in lengths.items()}
        layout.move_into(whole)
        layout.vacate()
        part = {dtype: buffer.chunk(size)[self._group.rank].clone() for dtype, buffer in whole.items()}
        self._shards.append(_Shard(block, layout, part))
        for slot in self._slots:
            for dtype, length in lengths.items():
                if dtype not in slot or len(slot[dtype]) < length:
                    slot[dtype] = self._empty(dtype, length)

    def blocks(self) -> Generator[nn.Module]:
        """Yield every block in order. Raises `CollectiveFailed` when another rank no longer takes part."""
        waits = self._gather(0)
        for index, shard in enumerate(self._shards):
            for wait in waits:
                wait()
            # Behind the last one nothing is fetched ahead: it could be for a job that never comes.
            waits = self._gather(index + 1)
            shard.layout.attach(self._slots[index % _SLOTS])
            try:
                yield shard.block
            finally:
                shard.layout.vacate()

    def _gather(self, index: int) -> list[Callable[[], None]]:
        if index == len(self._shards):
            return []
        slot, size = self._slots[index % _SLOTS], self._group.size
        return [
            self._group.start_gather(slot[dtype][: size * len(part)], part)
            for dtype, part in self._shards[index].part.items()
        ]

    def _empty(self, dtype: torch.dtype, length: int) -> torch.Tensor:
        return torch.empty(length, dtype=dtype, device=self._device)
