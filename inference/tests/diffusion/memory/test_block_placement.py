"""Streamed blocks: the same results as resident ones, and never a slot written while it is read."""

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from polyreel_inference.diffusion.memory.block_placement import (
    BlockPlacement,
    ResidentBlocks,
    StreamedBlocks,
)
from polyreel_inference.diffusion.memory.flat_layout import Buffers

CPU = torch.device("cpu")


class WatchedUploads:
    """Copies only when waited for, as late as a device may, and checks that slots are free when written."""

    def __init__(self) -> None:
        self.started = 0
        self._pending: dict[int, tuple[Buffers, Buffers]] = {}
        self._in_use: set[int] = set()

    def start(self, slot: int, source: Buffers, target: Buffers) -> None:
        assert slot not in self._in_use, f"slot {slot} is overwritten while a block computes from it"
        self.started += 1
        self._pending[slot] = (source, target)
        for buffer in target.values():
            buffer.fill_(-1)

    def wait(self, slot: int) -> None:
        if slot in self._pending:
            source, target = self._pending.pop(slot)
            for dtype, buffer in source.items():
                target[dtype][: buffer.numel()].copy_(buffer)
        self._in_use.add(slot)

    def release(self, slot: int) -> None:
        self._in_use.remove(slot)


def _blocks(count: int) -> list[nn.Module]:
    torch.manual_seed(count)
    return [
        nn.Sequential(nn.Linear(6, 6), nn.LayerNorm(6)).requires_grad_(requires_grad=False)
        for _ in range(count)
    ]


def _forward(placement: BlockPlacement, x: torch.Tensor) -> torch.Tensor:
    for block in placement.blocks():
        x = block(x)
    return x


def _storages(blocks: Sequence[nn.Module]) -> set[int]:
    return {parameter.untyped_storage().data_ptr() for block in blocks for parameter in block.parameters()}


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("on_device", [2, 3, 5, 20])
def test_streamed_blocks_equal_resident_ones(count: int, on_device: int) -> None:
    x = torch.randn(3, 6)
    expected = _forward(ResidentBlocks(_blocks(count), CPU), x)
    placement = StreamedBlocks(_blocks(count), CPU, on_device=on_device, uploads=WatchedUploads())
    for _ in range(3):
        assert torch.equal(_forward(placement, x), expected)


def test_inline_uploads_give_the_same_result() -> None:
    x = torch.randn(3, 6)
    expected = _forward(ResidentBlocks(_blocks(5), CPU), x)
    with torch.inference_mode():
        placement = StreamedBlocks(_blocks(5), CPU)
        assert torch.equal(_forward(placement, x), expected)


def test_each_block_is_copied_once_a_forward() -> None:
    uploads = WatchedUploads()
    placement = StreamedBlocks(_blocks(5), CPU, uploads=uploads)
    for _ in range(4):
        _forward(placement, torch.randn(2, 6))
    # The last forward has already fetched the first block of the next one.
    assert uploads.started == 4 * 5 + 1


def test_blocks_that_stay_are_never_copied() -> None:
    uploads = WatchedUploads()
    placement = StreamedBlocks(_blocks(8), CPU, on_device=5, uploads=uploads)
    _forward(placement, torch.randn(2, 6))
    assert uploads.started == (8 - 3) + 1


def test_no_more_than_two_slots_of_device_memory_are_read() -> None:
    blocks = _blocks(6)
    placement = StreamedBlocks(blocks, CPU, uploads=WatchedUploads())
    at_rest = _storages(blocks)
    seen: set[int] = set()
    for block in placement.blocks():
        seen |= _storages([block])
    assert len(seen) == 2
    assert not seen & at_rest
    assert _storages(blocks) == at_rest


def test_a_forward_left_in_the_middle_does_not_disturb_the_next() -> None:
    x = torch.randn(3, 6)
    blocks = _blocks(5)
    expected = _forward(ResidentBlocks(_blocks(5), CPU), x)
    at_rest_placement = StreamedBlocks(blocks, CPU, uploads=WatchedUploads())
    at_rest = _storages(blocks)
    left = at_rest_placement.blocks()
    next(left)
    next(left)
    left.close()
    assert torch.equal(_forward(at_rest_placement, x), expected)
    assert _storages(blocks) == at_rest


def test_an_error_in_a_block_puts_its_weights_back() -> None:
    blocks = _blocks(4)
    placement = StreamedBlocks(blocks, CPU, uploads=WatchedUploads())
    at_rest = _storages(blocks)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        _forward(placement, torch.randn(3, 5))
    x = torch.randn(3, 6)
    assert torch.equal(_forward(placement, x), _forward(ResidentBlocks(_blocks(4), CPU), x))
    assert _storages(blocks) == at_rest


def test_a_copy_that_failed_is_made_again() -> None:
    """The first block of the next forward is fetched behind the last one of this."""

    class Failing(WatchedUploads):
        failing = True

        def start(self, slot: int, source: Buffers, target: Buffers) -> None:
            if self.started == 4 and self.failing:
                self.failing = False
                raise RuntimeError("no copy")
            super().start(slot, source, target)

    placement = StreamedBlocks(_blocks(4), CPU, uploads=Failing())
    x = torch.randn(3, 6)
    with pytest.raises(RuntimeError, match="no copy"):
        _forward(placement, x)
    assert torch.equal(_forward(placement, x), _forward(ResidentBlocks(_blocks(4), CPU), x))


def test_room_for_one_block_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 blocks, got 1"):
        StreamedBlocks(_blocks(3), CPU, on_device=1)
