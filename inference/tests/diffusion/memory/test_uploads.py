"""The order that streams and events promise, on stand-ins that do the queued work in the worst one."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from polyreel_inference.diffusion.memory.block_placement import StreamedBlocks
from polyreel_inference.diffusion.memory.flat_layout import Buffers
from polyreel_inference.diffusion.memory.uploads import SideStreamUploads

CPU = torch.device("cpu")


class Event:
    """What was queued before its newest record; waiting means for the record that was newest then."""

    def __init__(self) -> None:
        self.records = 0
        self.reached = 0

    def record(self, stream: "WorkQueue") -> None:
        self.records += 1
        stream.queue.append((None, self, self.records))


class WorkQueue:
    """Work in the order in which it was queued."""

    def __init__(self, _device: Any = None) -> None:
        self.queue: deque[tuple[Callable[[], None] | None, Event | None, int]] = deque()

    def wait_event(self, event: Event) -> None:
        self.queue.append((None, event, -event.records))

    def run(self, work: Callable[[], None]) -> None:
        self.queue.append((work, None, 0))

    def advance(self) -> bool:
        """Do the next piece of work; False when there is none or it has to wait."""
        if not self.queue:
            return False
        work, event, number = self.queue[0]
        if event is not None and number <= 0 and event.reached < -number:
            return False
        self.queue.popleft()
        if work is not None:
            work()
        elif event is not None and number > 0:
            event.reached = number
        return True


class Device:
    """A stream that computes, and others beside it; answers as `torch.cuda` does."""

    Event = Event

    def __init__(self) -> None:
        self.computing = self.current = WorkQueue()
        self.copying: list[WorkQueue] = []

    def Stream(self, _device: Any) -> WorkQueue:  # noqa: N802 - torch's name
        self.copying.append(WorkQueue())
        return self.copying[-1]

    def current_stream(self, _device: Any) -> WorkQueue:
        return self.current

    @contextmanager
    def stream(self, stream: WorkQueue) -> Iterator[None]:
        before, self.current = self.current, stream
        yield
        self.current = before

    def copy(self, source: Buffers, target: Buffers) -> None:
        def work() -> None:
            for dtype, buffer in source.items():
                target[dtype][: buffer.numel()].copy_(buffer)

        self.current.run(work)

    def finish(self, *, copies_first: bool) -> None:
        """Do all that is queued, one kind as early as the order allows, the other one as late."""
        order = [*self.copying, self.computing] if copies_first else [self.computing, *self.copying]
        while any(stream.advance() for stream in order):
            pass
        assert not any(stream.queue for stream in order), "work waits for good"


def _read(weight: torch.Tensor, seen: list[float]) -> None:
    seen.append(float(weight))


@pytest.mark.parametrize("copies_first", [True, False])
@pytest.mark.parametrize(
    ("count", "on_device", "left_after"), [(5, 2, None), (6, 3, None), (1, 2, None), (5, 2, 3)]
)
def test_every_block_computes_with_its_own_weights_however_the_streams_run(
    copies_first: bool, count: int, on_device: int, left_after: int | None
) -> None:
    blocks = [nn.Linear(1, 1, bias=False).requires_grad_(requires_grad=False) for _ in range(count)]
    for number, block in enumerate(blocks):
        block.weight.data.fill_(float(number))
    device = Device()
    uploads = SideStreamUploads(CPU, 2, driver=device, copy=device.copy, keep=lambda _buffer, _stream: None)
    placement = StreamedBlocks(blocks, CPU, on_device=on_device, uploads=uploads)
    seen: list[float] = []

    def forward(blocks_until: int | None) -> None:
        running = placement.blocks()
        for number, block in enumerate(running):
            if number == blocks_until:
                break
            weight = block.get_parameter("weight").data
            device.computing.run(partial(_read, weight, seen))
        running.close()

    # The host queues three forwards before the device has begun with the first one.
    forward(left_after)
    forward(None)
    forward(None)
    device.finish(copies_first=copies_first)
    assert seen == [*range(count)][:left_after] + [*range(count)] * 2
