"""One file of weights: safetensors, or PyTorch's own archive."""

import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from polyreel_inference.diffusion.weights.errors import WeightsError

_SAFETENSORS_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}

_WRAPPINGS = ("state_dict", "model_state_dict")

_AGAIN = "It may be damaged, cut off or a pointer of Git LFS: fetch it again."


class Archive(Protocol):
    """The tensors of one file."""

    def names(self) -> Sequence[str]:
        """Names of the tensors in the file."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one tensor."""

    def dtype(self, name: str) -> torch.dtype:
        """Type in which one tensor is stored."""

    def read(self, name: str) -> Tensor:
        """Return one tensor as stored; it may lie in the mapped file, so it must be copied."""


class SafetensorsArchive:
    """A .safetensors file. Raises `WeightsError` when it is not one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: Any = safe_open(path, framework="pt", device="cpu")
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{path} cannot be read as safetensors: {error}. {_AGAIN}") from error

    def names(self) -> Sequence[str]:
        return tuple(self._file.keys())

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._file.get_slice(name).get_shape())

    def dtype(self, name: str) -> torch.dtype:
        stored = self._file.get_slice(name).get_dtype()
        if stored not in _SAFETENSORS_TYPES:
            raise WeightsError(f"{self._path} holds {name} in the type {stored}, which is not supported.")
        return _SAFETENSORS_TYPES[stored]

    def read(self, name: str) -> Tensor:
        tensor: Tensor = self._file.get_tensor(name)
        return tensor


class PickleArchive:
    """A .pth or .pt file: a dictionary of tensors, read without running any code in it.

    Trainers put that dictionary beside their own notes, under one of `_WRAPPINGS`. Raises `WeightsError` when
    the file is anything else.
    """

    def __init__(self, path: Path) -> None:
        content = load_pickle(path)
        if isinstance(content, dict):
            content = next(
                (content[key] for key in _WRAPPINGS if isinstance(content.get(key), dict)), content
            )
        if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
            raise WeightsError(f"{path} is not a dictionary of tensors.")
        self._tensors: dict[str, Tensor] = content

    def names(self) -> Sequence[str]:
        return tuple(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._tensors[name].shape)

    def dtype(self, name: str) -> torch.dtype:
        return self._tensors[name].dtype

    def read(self, name: str) -> Tensor:
        return self._tensors[name]


def load_pickle(path: Path) -> Any:
    """Return what a file of `torch.save` holds, its tensors mapped from the file; no code in it is run.

    Raises `WeightsError` when it cannot be read, or holds anything but tensors and plain values.
    """
    # The format before PyTorch 1.6 is not a zip archive and cannot be mapped into memory.
    mapped = zipfile.is_zipfile(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        # PyTorch's own text advises to run the code in the file.
        raise WeightsError(
            f"{path} cannot be read as weights of PyTorch: it holds more than numbers. {_AGAIN}"
        ) from error
    except (RuntimeError, EOFError, OSError) as error:
        reason = str(error).partition(". ")[0]
        raise WeightsError(f"{path} cannot be read as weights of PyTorch: {reason}. {_AGAIN}") from error
