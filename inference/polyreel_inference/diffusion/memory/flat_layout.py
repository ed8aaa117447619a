"""Where the tensors of a module lie in flat buffers, one for each number type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

Buffers = Mapping[torch.dtype, torch.Tensor]

# Kernels read weights in vectors of up to 128 bytes; torch's own allocations start at multiples of 512.
_ALIGNMENT_BYTES = 512


@dataclass(frozen=True)
class _Place:
    """Where one tensor of the module lies in the flat buffer of its dtype, in elements.

    `stride` is None for the usual row-major order.
    """

    tensor: torch.Tensor
    dtype: torch.dtype
    shape: torch.Size
    stride: tuple[int, ...] | None
    offset: int

    def view(self, buffers: Buffers) -> torch.Tensor:
        own = buffers[self.dtype].narrow(0, self.offset, self.shape.numel())
        return (
            own.view(self.shape)
            if self.stride is None
            else own.as_strided(self.shape, self.stride, own.storage_offset())
        )


class FlatLayout:
    """The places of all parameters and buffers of `module`, tied ones once; `sizes` are in elements."""

    def __init__(self, module: nn.Module) -> None:
        self._places: list[_Place] = []
        self.sizes: dict[torch.dtype, int] = {}
        self._zeros: dict[tuple[torch.dtype, torch.device], torch.Tensor] = {}
        for tensor in _tensors(module):
            self._append(tensor)

    def move_into(self, buffers: Buffers) -> None:
        """Copy the module's tensors to their places in `buffers` and make them views of these."""
        for place in self._places:
            view = place.view(buffers)
            view.copy_(place.tensor.data)
            place.tensor.data = view

    def attach(self, buffers: Buffers) -> None:
        """Make the module's tensors views of `buffers`, which hold at least `sizes` of each type."""
        for place in self._places:
            place.tensor.data = place.view(buffers)

    def vacate(self) -> None:
        """Leave the tensors shapes without memory; all numbers are zeros until the next `attach`."""
        for place in self._places:
            place.tensor.data = self._zero(place.dtype, place.tensor.device).expand(place.shape)

    def _zero(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        # Kept, as blocks are vacated in every forward: one for each tensor would be a thousand kernels.
        if (dtype, device) not in self._zeros:
            self._zeros[dtype, device] = torch.zeros((), dtype=dtype, device=device)
        return self._zeros[dtype, device]

    def _append(self, tensor: torch.Tensor) -> None:
        alignment = max(1, _ALIGNMENT_BYTES // tensor.element_size())
        end = self.sizes.get(tensor.dtype, 0)
        offset = -(-end // alignment) * alignment
        self._places.append(_Place(tensor, tensor.dtype, tensor.shape, _special_stride(tensor), offset))
        self.sizes[tensor.dtype] = offset + tensor.numel()


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    # Both iterators name a tensor once, also when it is tied to several names.
    yield from module.parameters()
    yield from module.buffers()


def _special_stride(tensor: torch.Tensor) -> tuple[int, ...] | None:
    """Return strides worth keeping: those of tensors without gaps, but not row-major (channels-last)."""
    if tensor.is_contiguous():
        return None
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    extent = 1 + sum((size - 1) * stride for size, stride in pairs)
    return tensor.stride() if extent == tensor.numel() else None
