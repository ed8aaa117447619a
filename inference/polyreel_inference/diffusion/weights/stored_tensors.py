"""Logical tensors of a checkpoint: a quantised weight and its scale, stored apart, are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

QUANTIZED_TYPES: Mapping[str, torch.dtype] = {"fp8": torch.float8_e4m3fn, "int8": torch.int8}

# Scales of activations, and the marker of a quantised file: a weight-only model has no use for them.
_IGNORED_ENDS = (".input_scale", ".output_scale", ".scale_input")
_IGNORED = ("scaled_fp8",)


@dataclass(frozen=True)
class _Parts:
    data: str
    scale: str | None


class StoredTensors:
    """What `files` hold, in three spellings of quantised weights besides plain tensors.

    LightX2V: `X.weight` with `X.weight_scale` [rows, 1]; optimum-quanto: `X.weight._data` with
    `X.weight._scale` [rows, 1]; ComfyUI: `X.weight` with one number in `X.scale_weight`. In all of them
    the weight is data * scale.
    """

    def __init__(self, files: TensorFiles) -> None:
        self.files = files
        self._parts = _logical(files.names())

    def names(self) -> Sequence[str]:
        """Logical names, those of one file together."""
        return tuple(self._parts)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the logical tensor `name`."""
        return self.files.shape(self._parts[name].data)

    def quantization(self, name: str) -> str | None:
        """Return "fp8" or "int8" for a weight stored with a scale, None for any other tensor."""
        parts = self._parts[name]
        if parts.scale is None:
            return None
        stored = self.files.dtype(parts.data)
        return next((word for word, dtype in QUANTIZED_TYPES.items() if dtype == stored), None)

    def lacks_scale(self, name: str) -> bool:
        """Whether a tensor is stored as integers that mean nothing without a scale."""
        parts = self._parts[name]
        return parts.scale is None and not self.files.dtype(parts.data).is_floating_point

    def has_other_scales(self, name: str) -> bool:
        """Whether the scales are neither one for each row nor one for all: those of blocks, for example."""
        parts = self._parts[name]
        if parts.scale is None:
            return False
        return prod(self.files.shape(parts.scale)) not in (1, *self.shape(name)[:1])

    def read(self, name: str, dtype: torch.dtype | None, device: torch.device | str) -> Tensor:
        """Return the tensor with its scale applied, in `dtype` (None: as stored) on `device`."""
        parts = self._parts[name]
        if parts.scale is None:
            return self.files.read(parts.data, dtype, device)
        data = self.files.read(parts.data, torch.float32, device)
        scale = self.files.read(parts.scale, torch.float32, device)
        return data.mul_(_by_row(scale, data)).to(torch.float32 if dtype is None else dtype)

    def read_quantized(self, name: str, device: torch.device | str) -> tuple[Tensor, Tensor]:
        """Return the data [rows, columns] as stored and its float32 scale [rows]."""
        parts = self._parts[name]
        if parts.scale is None:
            raise ValueError(f"{name} is not quantised")
        data = self.files.read(parts.data, None, device)
        scale = self.files.read(parts.scale, torch.float32, device)
        return data, _by_row(scale, data).expand(data.shape[0], 1).reshape(-1).clone()


def logical_name(stored: str) -> str:
    """Return the name of the tensor that the stored one is, or that its scales belong to."""
    for end in ("._data", "._scale"):
        if stored.endswith(end):
            return stored.removesuffix(end)
    if stored.endswith(".weight_scale"):
        return stored.removesuffix("_scale")
    for end in (".scale_weight", *_IGNORED_ENDS):
        if stored.endswith(end):
            return stored.removesuffix(end) + ".weight"
    return stored


def _by_row(scale: Tensor, data: Tensor) -> Tensor:
    """Bring a scale per row, or one for all, to the dimensions of `data`."""
    return scale.reshape(-1, *([1] * (data.ndim - 1)))


def _logical(names: Sequence[str]) -> dict[str, _Parts]:
    known = set(names)
    parts: dict[str, _Parts] = {}
    for name in names:
        if name in _IGNORED or name.endswith(_IGNORED_ENDS) or _is_scale(name, known):
            continue
        if name.endswith("._data"):
            weight = name.removesuffix("._data")
            parts[weight] = _Parts(name, f"{weight}._scale" if f"{weight}._scale" in known else None)
        else:
            parts[name] = _Parts(name, next((scale for scale in _scales_of(name) if scale in known), None))
    return parts


def _scales_of(weight: str) -> tuple[str, ...]:
    if not weight.endswith(".weight"):
        return ()
    return (f"{weight}_scale", f"{weight.removesuffix('.weight')}.scale_weight")


def _is_scale(name: str, known: set[str]) -> bool:
    if name.endswith("._scale"):
        return name.removesuffix("._scale") + "._data" in known
    if name.endswith(".weight_scale"):
        return name.removesuffix("_scale") in known
    return name.endswith(".scale_weight") and name.removesuffix(".scale_weight") + ".weight" in known
