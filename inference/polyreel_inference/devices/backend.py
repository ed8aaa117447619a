"""The one object through which models use a device."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.rotary import rotate_pairs

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Backend(ABC):
    """A device, its compute type and the operations that differ between vendors.

    `kernel` serves attention; `exact_kernel` serves what `kernel` cannot: exact softmax where `kernel` is
    approximate, values whose width differs from the keys', and heads that are too wide for it.
    """

    name: str
    collectives: str
    """What torch.distributed calls the library that connects devices of this kind."""
    replays_modules = False
    """Whether `compile` records modules and replays them: arguments must be tensors, and nothing but them and
    the weights may be read. The recording keeps the arguments of its first call and the result of every one,
    and overwrites both in the next."""

    def __init__(
        self,
        device: torch.device,
        dtype: torch.dtype,
        kernel: AttentionKernel,
        exact_kernel: AttentionKernel,
        description: str,
    ) -> None:
        self.device = device
        self.dtype = dtype
        self.kernel = kernel
        self.exact_kernel = exact_kernel
        self.description = description

    def attention(self, query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor:
        """Softmax attention without mask and without causality, scaled by 1 / sqrt(D).

        query [B, Lq, heads, D], key [B, Lk, heads, D], value [B, Lk, heads, Dv] -> [B, Lq, heads, Dv] in the
        type of the query; Dv may differ from D. `exact` asks for a softmax in full precision where the fast
        kernel approximates it.
        """
        kernel = self.kernel
        if (
            (exact and kernel.approximate)
            or (value.shape[-1] != key.shape[-1] and not kernel.any_value_width)
            or (kernel.widest is not None and key.shape[-1] > kernel.widest)
        ):
            kernel = self.exact_kernel
        return kernel(query, key, value)

    def rotate(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Apply rotary position embedding to interleaved pairs (2i, 2i+1).

        x [B, L, heads, D]; cos and sin float32 [L, D/2]. Computed in float32, returned in the type of x.
        """
        return rotate_pairs(x, cos, sin)

    def mark_step(self) -> None:  # noqa: B027 - most devices have nothing to do here
        """End the graph that a lazy device is collecting; nothing elsewhere."""

    def randn(
        self, shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw standard normal numbers with a generator of the CPU and move them to the device.

        The same seed thereby gives the same numbers on every kind of device. Raises `ValueError` for a
        generator of another device.
        """
        if generator.device.type != "cpu":
            raise ValueError("Random numbers are drawn on the CPU: pass a torch.Generator of the CPU.")
        drawn = torch.randn(tuple(shape), generator=generator, dtype=torch.float32)
        return drawn.to(self.device, dtype)

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until the device has done everything it was given."""

    def is_usable(self) -> bool:
        """Whether the device still computes. After some errors only another process gets it back.

        A kernel that reads where it must not is one of them: every later call of CUDA then fails.
        """
        try:
            self.synchronize()
        except RuntimeError:
            return False
        return True

    @abstractmethod
    def reset_peak_memory(self) -> None:
        """Start a new measurement of `peak_memory_bytes`."""

    @abstractmethod
    def peak_memory_bytes(self) -> int:
        """Most memory used at a time since `reset_peak_memory`, in bytes."""

    @abstractmethod
    def total_memory_bytes(self) -> int | None:
        """Memory of the device in bytes, None where unknown."""

    @abstractmethod
    def free_memory(self) -> None:
        """Give memory that no tensor uses any more back to the device."""

    @abstractmethod
    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether `error` means that device or host memory did not suffice."""

    @abstractmethod
    def compile(self, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        """Compile a function or module the way that pays on this device; it may come back unchanged."""
