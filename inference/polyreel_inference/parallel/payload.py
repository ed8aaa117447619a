"""Objects as bytes: tensors apart from the rest, so that large ones are neither pickled nor copied twice."""

import io
import pickle
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Packed:
    """A pickled object and the tensors it refers to, which lie contiguously on the CPU."""

    body: bytes
    tensors: list[Tensor]

    @property
    def layouts(self) -> list[tuple[torch.dtype, tuple[int, ...]]]:
        """Type and shape of every tensor: what the receiver has to know beforehand."""
        return [(tensor.dtype, tuple(tensor.shape)) for tensor in self.tensors]


def pack(value: Any) -> Packed:
    """Take an object apart; tensors of other devices are moved to the CPU."""
    stream = io.BytesIO()
    pickler = _Pickler(stream)
    pickler.dump(value)
    return Packed(stream.getvalue(), pickler.tensors)


def unpack(packed: Packed) -> Any:
    """Put an object together again, around the very tensors of `packed`."""
    return _Unpickler(packed).load()


def raw_bytes(tensor: Tensor) -> memoryview:
    """The memory of a contiguous tensor of the CPU, of any number type; writing to it changes the tensor."""
    return tensor.reshape(-1).view(torch.uint8).numpy().data


def empty_like_layout(layout: tuple[torch.dtype, tuple[int, ...]]) -> Tensor:
    """A tensor to be filled with received bytes."""
    dtype, shape = layout
    return torch.empty(prod(shape), dtype=dtype).view(shape)


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self.tensors: list[Tensor] = []

    def persistent_id(self, obj: Any) -> int | None:
        if not isinstance(obj, Tensor):
            return None
        self.tensors.append(obj.detach().cpu().contiguous())
        return len(self.tensors) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: Packed) -> None:
        super().__init__(io.BytesIO(packed.body))
        self._tensors = packed.tensors

    def persistent_load(self, pid: int) -> Tensor:
        return self._tensors[pid]
