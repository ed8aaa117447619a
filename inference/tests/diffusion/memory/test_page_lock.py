"""Page-locked buffers, on a stand-in for the driver: what is registered, and for how long."""

import gc
import mmap
from typing import Any

import pytest
import torch

from polyreel_inference.diffusion.memory.page_lock import host_buffer

CUDA = torch.device("cuda", 0)


class Driver:
    """Locks pages as the driver does: whole ones, and none twice."""

    def __init__(self) -> None:
        self.locked: dict[int, int] = {}
        self.answer = 0
        self.calls: list[str] = []

    def cudart(self) -> "Driver":
        return self

    def cudaHostRegister(self, pointer: int, size: int, flags: int) -> int:  # noqa: N802 - CUDA's name
        assert (pointer % mmap.PAGESIZE, size % mmap.PAGESIZE, flags) == (0, 0, 0)
        for start, length in self.locked.items():
            assert pointer + size <= start or start + length <= pointer, "a page is locked twice"
        if self.answer == 0:
            self.locked[pointer] = size
        return self.answer

    def cudaHostUnregister(self, pointer: int) -> int:  # noqa: N802 - CUDA's name
        self.calls.append("unregister")
        del self.locked[pointer]
        return 0

    def synchronize(self, device: Any) -> None:
        assert device == CUDA
        self.calls.append("synchronize")


@pytest.fixture
def driver() -> Driver:
    return Driver()


def test_buffers_of_any_size_lie_on_pages_of_their_own(driver: Driver) -> None:
    sizes = [1, 3, 700, 5000, 100_000]
    buffers = [
        host_buffer(size, dtype, CUDA, driver=driver)
        for size in sizes
        for dtype in (torch.int8, torch.float32)
    ]

    assert [buffer.numel() for buffer in buffers] == [size for size in sizes for _ in range(2)]
    for buffer in buffers:
        buffer.fill_(7)
        assert driver.locked[buffer.data_ptr()] >= buffer.nbytes
    del buffer, buffers
    gc.collect()
    assert driver.locked == {}


def test_copies_that_still_read_a_buffer_end_before_it_is_unlocked(driver: Driver) -> None:
    buffer = host_buffer(10, torch.bfloat16, CUDA, driver=driver)
    assert driver.calls == []
    del buffer
    gc.collect()
    assert driver.calls == ["synchronize", "unregister"]


def test_a_refusal_of_the_driver_is_told(driver: Driver) -> None:
    driver.answer = 2
    with pytest.raises(MemoryError, match=r"CUDA error 2\): give the process more memory"):
        host_buffer(10, torch.float32, CUDA, driver=driver)


def test_elsewhere_than_on_cuda_nothing_is_locked(driver: Driver) -> None:
    assert host_buffer(10, torch.float32, torch.device("cpu"), driver=driver).shape == (10,)
    assert host_buffer(0, torch.float32, CUDA, driver=driver).shape == (0,)
    assert driver.locked == {}
