"""A check of the numbers a device is asked to compute with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class DeviceNumbers(TorchDispatchMode):
    """Fails when the device, here "meta", has to compute with numbers Gaudi has not."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.operations = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, Tensor) and value.is_meta:
                self.operations += 1
                assert value.dtype != torch.float64, func
                assert not value.is_complex(), func
        return result
