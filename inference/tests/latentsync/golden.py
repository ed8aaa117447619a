"""The golden numbers in golden/, which golden/README.md describes."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_FOLDER = Path(__file__).parent / "golden"


@cache
def golden(name: str) -> dict[str, Tensor]:
    """Return the arrays of golden/NAME.npz as tensors, which nobody may change."""
    with np.load(_FOLDER / f"{name}.npz", allow_pickle=False) as stored:
        return {key: torch.from_numpy(stored[key]) for key in stored.files}


def relative_error(found: Tensor, wanted: Tensor) -> float:
    """Return the largest difference as a part of the largest wanted value."""
    assert found.shape == wanted.shape, f"{tuple(found.shape)} instead of {tuple(wanted.shape)}"
    difference = (found.double() - wanted.double()).abs().max().item()
    return difference / wanted.double().abs().max().item()


def grey_levels(found: Tensor, wanted: Tensor) -> int:
    """Return by how many levels of 0..255 two pictures of bytes differ at most."""
    assert found.dtype == wanted.dtype == torch.uint8
    assert found.shape == wanted.shape, f"{tuple(found.shape)} instead of {tuple(wanted.shape)}"
    return int((found.int() - wanted.int()).abs().max())
