"""Modules without storage, and the places in them that weights have to fill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Module = TypeVar("Module", bound=nn.Module)


class _CountingOnCpu(TorchFunctionMode):
    """Lets torch.arange count on the CPU where everything else has no storage.

    Tables that a constructor computes from it (positions, rotary angles) are buffers that no checkpoint
    holds; they have to be real.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        given = dict(kwargs or {})
        if func is torch.arange and given.get("device") is None:
            given["device"] = "cpu"
        return func(*args, **given)


def build_empty(build: Callable[[], Module]) -> Module:
    """Call `build` so that its parameters have shapes but no storage; return the module for inference."""
    with torch.device("meta"), _CountingOnCpu():
        module = build()
    module.eval().requires_grad_(False)
    return module


@dataclass(frozen=True)
class Slot:
    """A parameter or buffer under all its names: tied ones have several, the first is the leading one."""

    names: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: torch.dtype

    def fill(self, module: nn.Module, value: Tensor) -> None:
        """Put `value` where the empty tensor was, under every name."""
        parameter = nn.Parameter(value, requires_grad=False)
        for name in self.names:
            owner, leaf = _owner(module, name)
            if leaf in owner._parameters:
                owner._parameters[leaf] = parameter
            else:
                owner._buffers[leaf] = value


def slots_of(module: nn.Module) -> dict[str, Slot]:
    """Return the places a checkpoint has to fill, by every name: parameters and persistent buffers."""
    tied: dict[int, list[str]] = {}
    tensors: dict[str, Tensor] = module.state_dict(keep_vars=True)
    for name, value in tensors.items():
        tied.setdefault(id(value), []).append(name)
    slots: dict[str, Slot] = {}
    for names in tied.values():
        value = tensors[names[0]]
        slot = Slot(tuple(names), tuple(value.shape), value.dtype)
        slots.update(dict.fromkeys(names, slot))
    return slots


def move_tables(module: nn.Module, device: torch.device | str) -> None:
    """Move the buffers that no checkpoint holds to `device` in the type they were computed in.

    Raises `ValueError` naming buffers that have no storage: their values cannot be known.
    """
    for owner_name, owner in module.named_modules():
        for leaf in owner._non_persistent_buffers_set:
            value = owner._buffers.get(leaf)
            if value is None:
                continue
            if value.is_meta:
                raise ValueError(f"the buffer {owner_name}.{leaf} is neither stored nor computed by counting")
            owner._buffers[leaf] = value.to(device)


def replace_module(module: nn.Module, name: str, replacement: nn.Module) -> None:
    """Put `replacement` in the place of the submodule `name`."""
    owner, leaf = _owner(module, name)
    owner._modules[leaf] = replacement


def _owner(module: nn.Module, name: str) -> tuple[nn.Module, str]:
    path, _, leaf = name.rpartition(".")
    return module.get_submodule(path), leaf
