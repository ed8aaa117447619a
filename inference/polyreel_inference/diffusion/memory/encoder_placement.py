"""Encoders and the VAE: on the device always, or only while they are used."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from torch import nn

from polyreel_inference.diffusion.memory.host_copy import HostCopy


class EncoderPlacement(Protocol):
    """Keeps modules that work before or after the denoising."""

    def place(self, module: nn.Module) -> None:
        """Take `module` into care; called once, before its first use."""

    def on_device(self, module: nn.Module) -> AbstractContextManager[None]:
        """Have `module` on the device inside the context. Contexts of one module may lie in one another."""


class ResidentEncoders:
    """Modules that stay on the device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def place(self, module: nn.Module) -> None:
        module.to(self._device)

    def on_device(self, module: nn.Module) -> AbstractContextManager[None]:
        del module
        return nullcontext()


class OffloadedEncoders:
    """Modules that lie in host memory and are copied to the device for each use.

    The device memory is allocated on entering and let go on leaving; an allocation that fails leaves the
    module in host memory, usable again. `on_device` raises `KeyError` for a module that was not placed.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._copies: WeakKeyDictionary[nn.Module, HostCopy] = WeakKeyDictionary()
        self._depths: WeakKeyDictionary[nn.Module, int] = WeakKeyDictionary()

    def place(self, module: nn.Module) -> None:
        self._copies[module] = HostCopy(module, self._device)

    @contextmanager
    def on_device(self, module: nn.Module) -> Iterator[None]:
        copy, depth = self._copies[module], self._depths.get(module, 0)
        if depth == 0:
            copy.attach({dtype: _upload(buffer, self._device) for dtype, buffer in copy.buffers.items()})
        self._depths[module] = depth + 1
        try:
            yield
        finally:
            self._depths[module] -= 1
            if self._depths[module] == 0:
                copy.detach()


def _upload(buffer: torch.Tensor, device: torch.device) -> torch.Tensor:
    return torch.empty_like(buffer, device=device).copy_(buffer, non_blocking=True)
