"""Host memory that a GPU reads without an intermediate copy."""

import mmap
import weakref
from contextlib import suppress
from typing import Any

import torch


def host_buffer(
    elements: int, dtype: torch.dtype, device: torch.device, *, driver: Any = torch.cuda
) -> torch.Tensor:
    """Return an uninitialised 1-D tensor in host memory from which copies to `device` are fast.

    For CUDA devices the memory is page-locked, so that copies run beside computing. It is registered rather
    than taken from torch's pinned allocator: that one rounds sizes up to powers of two, which for the 0.8 GB
    blocks of a 14B model would waste a quarter of the host's memory. Raises `MemoryError` when the driver
    refuses to lock it. `driver` answers as `torch.cuda` does.
    """
    if device.type != "cuda" or elements == 0:
        return torch.empty(elements, dtype=dtype)
    size = elements * dtype.itemsize
    pages = _whole_pages(size)
    buffer = pages[:size].view(dtype)
    _register(buffer, pages.numel(), device, driver)
    return buffer


def _whole_pages(size: int) -> torch.Tensor:
    """Allocate at least `size` bytes on pages of their own: drivers lock pages, and each one only once."""
    length = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    room = torch.empty(length + mmap.PAGESIZE, dtype=torch.uint8)
    start = -room.data_ptr() % mmap.PAGESIZE
    return room[start : start + length]


def _register(buffer: torch.Tensor, size: int, device: torch.device, driver: Any) -> None:
    pointer = buffer.data_ptr()
    status = int(driver.cudart().cudaHostRegister(pointer, size, 0))
    if status != 0:
        raise MemoryError(
            f"the driver refused to lock {size / 1e9:.1f} GB of host memory (CUDA error {status}): "
            "give the process more memory, or start it without offloading"
        )
    weakref.finalize(buffer, _unregister, pointer, device, driver)


def _unregister(pointer: int, device: torch.device, driver: Any) -> None:
    # A copy ahead of a forward that never came may still read it. A broken device reads nothing any more.
    with suppress(RuntimeError):
        driver.synchronize(device)
    driver.cudart().cudaHostUnregister(pointer)
