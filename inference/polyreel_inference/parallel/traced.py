"""The exchanges of a group as operators that torch.compile takes into a graph without looking inside."""

from itertools import count
from typing import Protocol
from weakref import WeakValueDictionary

import torch
from torch import Tensor


class Exchanges(Protocol):
    """What a group does with its connection."""

    size: int

    def all_to_all(self, parts: list[Tensor]) -> list[Tensor]:
        """See `DataGroup.all_to_all`."""

    def all_gather(self, x: Tensor) -> Tensor:
        """See `DataGroup.all_gather`."""

    def all_extreme(self, x: Tensor, *, largest: bool) -> Tensor:
        """See `DataGroup.all_extreme`."""


_groups: WeakValueDictionary[int, Exchanges] = WeakValueDictionary()
_numbers = count()


def number_of(group: Exchanges) -> int:
    """Give a group the number by which operators find it; graphs hold numbers, not groups."""
    number = next(_numbers)
    _groups[number] = group
    return number


@torch.library.custom_op(
    "polyreel::all_to_all", mutates_args=(), schema="(Tensor[] parts, int group) -> Tensor[]"
)
def all_to_all(parts: list[Tensor], group: int) -> list[Tensor]:
    """`DataGroup.all_to_all` of the group of this number."""
    return _groups[group].all_to_all(parts)


@all_to_all.register_fake
def _(parts: list[Tensor], group: int) -> list[Tensor]:  # noqa: ARG001
    return [torch.empty_like(part) for part in parts]


@torch.library.custom_op("polyreel::all_gather", mutates_args=(), schema="(Tensor x, int group) -> Tensor")
def all_gather(x: Tensor, group: int) -> Tensor:
    """`DataGroup.all_gather` of the group of this number."""
    return _groups[group].all_gather(x)


@all_gather.register_fake
def _(x: Tensor, group: int) -> Tensor:
    return x.new_empty((_groups[group].size, *x.shape))


@torch.library.custom_op(
    "polyreel::all_extreme", mutates_args=(), schema="(Tensor x, int group, *, bool largest) -> Tensor"
)
def all_extreme(x: Tensor, group: int, *, largest: bool) -> Tensor:
    """`DataGroup.all_extreme` of the group of this number."""
    return _groups[group].all_extreme(x, largest=largest)


@all_extreme.register_fake
def _(x: Tensor, group: int, *, largest: bool) -> Tensor:  # noqa: ARG001
    return torch.empty_like(x, memory_format=torch.contiguous_format)
