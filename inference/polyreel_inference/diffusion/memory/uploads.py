"""Copies of weights from the host into device slots, beside the computing where the device can do that."""

from collections.abc import Callable
from typing import Any, Protocol

import torch

from polyreel_inference.diffusion.memory.flat_layout import Buffers


def copy_weights(source: Buffers, target: Buffers) -> None:
    """Copy flat buffers to the beginning of those of the same types, without waiting for the device."""
    for dtype, buffer in source.items():
        target[dtype][: buffer.numel()].copy_(buffer, non_blocking=True)


class Uploads(Protocol):
    """Copies into numbered slots. A slot is written only after the computing that read it was released."""

    def start(self, slot: int, source: Buffers, target: Buffers) -> None:
        """Begin to copy `source` into `target`, the buffers of `slot`, after the slot's last `release`."""

    def wait(self, slot: int) -> None:
        """Make the computing that is enqueued from now on wait for the copy into `slot`."""

    def release(self, slot: int) -> None:
        """Tell that the computing enqueued up to now is the last that reads `slot`."""


class InlineUploads:
    """Copies in the order of the computing, for devices without a second queue (CPU, Gaudi)."""

    def start(self, slot: int, source: Buffers, target: Buffers) -> None:
        del slot
        copy_weights(source, target)

    def wait(self, slot: int) -> None:
        del slot

    def release(self, slot: int) -> None:
        del slot


class SideStreamUploads:
    """Copies on a CUDA stream of their own; events order them against the computing, the host never waits.

    `driver` answers as `torch.cuda` does; `copy` and `keep` do the same as by default, on its streams.
    """

    def __init__(
        self,
        device: torch.device,
        slots: int,
        *,
        driver: Any = torch.cuda,
        copy: Callable[[Buffers, Buffers], None] = copy_weights,
        keep: Callable[[torch.Tensor, Any], None] = torch.Tensor.record_stream,
    ) -> None:
        computing = driver.current_stream(device)
        self._device, self._driver = device, driver
        self._copy, self._keep = copy, keep
        self._stream = driver.Stream(device)
        self._ready = [driver.Event() for _ in range(slots)]
        self._free = [driver.Event() for _ in range(slots)]
        for event in self._free:
            event.record(computing)

    def start(self, slot: int, source: Buffers, target: Buffers) -> None:
        self._stream.wait_event(self._free[slot])
        with self._driver.stream(self._stream):
            self._copy(source, target)
        for buffer in target.values():
            # The last copy may outlive the slot, whose memory must not be given to others until then.
            self._keep(buffer, self._stream)
        self._ready[slot].record(self._stream)

    def wait(self, slot: int) -> None:
        self._driver.current_stream(self._device).wait_event(self._ready[slot])

    def release(self, slot: int) -> None:
        self._free[slot].record(self._driver.current_stream(self._device))


def uploads_for(device: torch.device, slots: int) -> Uploads:
    """Return the best way to copy weights to `device`."""
    return SideStreamUploads(device, slots) if device.type == "cuda" else InlineUploads()
