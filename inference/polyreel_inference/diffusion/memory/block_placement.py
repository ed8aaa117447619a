"""The blocks of a transformer in order, each on the device when its turn comes."""

from collections.abc import Generator, Sequence
from typing import Protocol

import torch
from torch import nn

from polyreel_inference.diffusion.memory.flat_layout import Buffers
from polyreel_inference.diffusion.memory.host_copy import HostCopy
from polyreel_inference.diffusion.memory.uploads import Uploads, uploads_for

# One slot computes while the other one is filled.
_SLOTS = 2


class BlockPlacement(Protocol):
    """Gives a forward its blocks one after another."""

    def blocks(self) -> Generator[nn.Module]:
        """Yield every block once, in order; a block is on the device until the next one is asked for.

        Whoever leaves it before its end has to close it: the collection of garbage might do so, and take the
        block from the device, in the middle of another forward.
        """


class ResidentBlocks:
    """Blocks that all stay on the device."""

    def __init__(self, blocks: Sequence[nn.Module], device: torch.device) -> None:
        self._blocks = [block.to(device) for block in blocks]

    def blocks(self) -> Generator[nn.Module]:
        yield from self._blocks


class StreamedBlocks:
    """Blocks in host memory, copied to the device one ahead of the computing.

    `on_device` (at least 2) blocks fit on the device at a time: two slots that the streamed blocks take in
    turns, and the rest as blocks that stay, spread evenly so that there is computing to hide every copy. The
    first block is fetched again behind the last one, for the next forward. Moving the blocks takes one block
    of extra host memory. Raises `ValueError` for an `on_device` below 2.
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        device: torch.device,
        *,
        on_device: int = _SLOTS,
        uploads: Uploads | None = None,
    ) -> None:
        if on_device < _SLOTS:
            raise ValueError(f"block offload needs room for at least {_SLOTS} blocks, got {on_device}")
        self._blocks = list(blocks)
        staying = _spread(len(self._blocks), on_device - _SLOTS)
        for index in staying:
            self._blocks[index].to(device)
        self._copies = {
            index: HostCopy(block, device) for index, block in enumerate(self._blocks) if index not in staying
        }
        order = list(self._copies)
        self._following = dict(zip(order, order[1:] + order[:1], strict=True))
        self._slots = [_device_buffers(list(self._copies.values()), device) for _ in range(_SLOTS)]
        self._uploads = uploads or uploads_for(device, _SLOTS)
        self._fetched: dict[int, int] = {}

    def blocks(self) -> Generator[nn.Module]:
        for index, block in enumerate(self._blocks):
            if index not in self._copies:
                yield block
                continue
            slot = self._bring(index)
            try:
                yield block
            finally:
                self._copies[index].detach()
                self._uploads.release(slot)

    def _bring(self, index: int) -> int:
        slot = self._fetch(index, busy=None)
        following = self._following[index]
        if following != index:
            self._fetch(following, busy=slot)
        self._uploads.wait(slot)
        self._copies[index].attach(self._slots[slot])
        return slot

    def _fetch(self, index: int, busy: int | None) -> int:
        """Return the slot that holds or will hold the block `index`, never the `busy` one."""
        if index in self._fetched:
            return self._fetched[index]
        slot = 0 if busy is None else (busy + 1) % _SLOTS
        self._fetched = {other: place for other, place in self._fetched.items() if place != slot}
        self._uploads.start(slot, self._copies[index].buffers, self._slots[slot])
        self._fetched[index] = slot
        return slot


def _spread(count: int, chosen: int) -> set[int]:
    """Return `chosen` of the indices 0 to count - 1 at even distances."""
    chosen = min(chosen, count)
    return {int((number + 0.5) * count / chosen) for number in range(chosen)}


def _device_buffers(copies: Sequence[HostCopy], device: torch.device) -> Buffers:
    """Allocate buffers that hold the weights of any one of `copies`."""
    sizes: dict[torch.dtype, int] = {}
    for copy in copies:
        for dtype, elements in copy.sizes.items():
            sizes[dtype] = max(sizes.get(dtype, 0), elements)
    return {dtype: torch.empty(elements, dtype=dtype, device=device) for dtype, elements in sizes.items()}
