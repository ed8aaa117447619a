"""The CPU as a device: the reference every other one is compared with."""

import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

from polyreel_inference.devices import process_memory
from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.out_of_memory import is_memory_error

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class CpuBackend(Backend):
    """Computes in float32 unless told otherwise. `compiled` turns `compile` on, which seldom pays here."""

    name = "cpu"
    collectives = "gloo"

    def __init__(
        self,
        kernel: AttentionKernel | None = None,
        dtype: torch.dtype | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        sdpa = SdpaAttention()
        super().__init__(torch.device("cpu"), dtype or torch.float32, kernel or sdpa, sdpa, "cpu")
        self._compiled = compiled

    def synchronize(self) -> None:
        """Nothing to wait for: the CPU has done everything when a call returns."""

    def reset_peak_memory(self) -> None:
        process_memory.reset_peak()

    def peak_memory_bytes(self) -> int:
        return process_memory.peak_bytes()

    def total_memory_bytes(self) -> int | None:
        return process_memory.total_bytes()

    def free_memory(self) -> None:
        gc.collect()
        process_memory.give_back_heap()

    def is_out_of_memory(self, error: BaseException) -> bool:
        return is_memory_error(error)

    def compile(self, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        return torch.compile(function) if self._compiled else function
