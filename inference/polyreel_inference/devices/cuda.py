"""NVIDIA cards as devices."""

import gc
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch

from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.out_of_memory import is_memory_error

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class CudaBackend(Backend):
    """Computes in bfloat16 unless told otherwise. `driver` answers as `torch.cuda` does."""

    name = "cuda"
    collectives = "nccl"

    def __init__(
        self,
        device: torch.device,
        kernel: AttentionKernel,
        dtype: torch.dtype | None = None,
        *,
        driver: Any = torch.cuda,
    ) -> None:
        # Libraries that ask for "the" card, NCCL among them, have to get this process' own.
        driver.set_device(device)
        name = driver.get_device_name(device)
        self._driver = driver
        super().__init__(device, dtype or torch.bfloat16, kernel, SdpaAttention(), name)

    def synchronize(self) -> None:
        self._driver.synchronize(self.device)

    def reset_peak_memory(self) -> None:
        self._driver.reset_peak_memory_stats(self.device)

    def peak_memory_bytes(self) -> int:
        return int(self._driver.max_memory_allocated(self.device))

    def total_memory_bytes(self) -> int | None:
        return int(self._driver.get_device_properties(self.device).total_memory)

    def free_memory(self) -> None:
        # Tracebacks make cycles, and what they hold returns to the card only after both.
        gc.collect()
        self._driver.empty_cache()

    def is_out_of_memory(self, error: BaseException) -> bool:
        return is_memory_error(error)

    def compile(self, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        return torch.compile(function)
