"""Intel Gaudi as a device.

Gaudi collects operations to a graph and runs it when `mark_step` says so (lazy mode, PT_HPU_LAZY_MODE=1), or
runs them at once and leaves graphs to torch.compile (eager mode, the default since 1.22).
"""

import gc
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.devices.attention.fused_sdpa import FusedSdpaAttention
from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.habana import Habana
from polyreel_inference.devices.out_of_memory import is_memory_error

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class HpuBackend(Backend):
    """Computes in bfloat16 unless told otherwise; complex and 64-bit floating numbers are not to be used."""

    name = "hpu"
    collectives = "hccl"

    def __init__(
        self,
        habana: Habana,
        device: torch.device,
        kernel: AttentionKernel | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        fast = kernel or FusedSdpaAttention(habana, exact=False)
        exact = FusedSdpaAttention(habana, exact=True)
        name = habana.hpu.get_device_name()
        super().__init__(device, dtype or torch.bfloat16, fast, exact, name.capitalize())
        self._habana = habana
        self._any_width = SdpaAttention()
        self._lazy = os.environ.get("PT_HPU_LAZY_MODE", "0") == "1"
        self.replays_modules = self._lazy

    def attention(self, query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor:
        width, missing = value.shape[-1], key.shape[-1] - value.shape[-1]
        if missing < 0:
            return self._any_width(query, key, value)
        if missing:
            # The fused kernel knows one width; the other one would hold the whole attention matrix.
            value = functional.pad(value, (0, missing))
        return super().attention(query, key, value, exact=exact)[..., :width]

    def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        # The kernel wants one cosine per number, not per pair, and a place for the heads.
        cosines, sines = (table.repeat_interleave(2, dim=-1)[None, :, None] for table in (cos, sin))
        turned: Tensor = self._habana.rotary(x.float(), cosines, sines, None, 0, self._habana.pairwise)
        return turned.to(x.dtype)

    def mark_step(self) -> None:
        if self._lazy:
            self._habana.core.mark_step()

    def synchronize(self) -> None:
        self._habana.hpu.synchronize()

    def reset_peak_memory(self) -> None:
        self._habana.hpu.reset_peak_memory_stats()

    def peak_memory_bytes(self) -> int:
        peak: int = self._habana.hpu.max_memory_allocated()
        return peak

    def total_memory_bytes(self) -> int | None:
        _, total = self._habana.hpu.mem_get_info()
        return int(total)

    def free_memory(self) -> None:
        gc.collect()
        # The lazy graph may hold tensors until it has run.
        self.mark_step()

    def is_out_of_memory(self, error: BaseException) -> bool:
        return is_memory_error(error)

    def compile(self, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        if not self._lazy:
            return torch.compile(function, backend="hpu_backend")
        if isinstance(function, nn.Module):
            wrapped: Callable[Arguments, Result] = self._habana.hpu.wrap_in_hpu_graph(function)
            return wrapped
        # A lazy device makes a graph of what runs between two steps by itself.
        return function
