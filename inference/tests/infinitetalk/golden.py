"""The golden numbers in golden/, which golden/README.md describes, and how close to them is close enough."""

import math
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


def signal_to_noise(found: Tensor, wanted: Tensor, span: float = 2.0) -> float:
    """Return the PSNR in decibels of values in a range of `span`, 2 being that of -1..1."""
    assert found.shape == wanted.shape, f"{tuple(found.shape)} instead of {tuple(wanted.shape)}"
    error = (found.double() - wanted.double()).square().mean().item()
    return math.inf if error == 0 else 10 * math.log10(span**2 / error)


def assert_close(found: Tensor, wanted: Tensor, tolerance: float = 1e-4) -> None:
    """Compare shapes, and values to within `tolerance` of the largest one."""
    assert found.shape == wanted.shape, f"{tuple(found.shape)} instead of {tuple(wanted.shape)}"
    scale = wanted.double().abs().max().item()
    difference = (found.double() - wanted.double()).abs().max().item()
    assert difference <= tolerance * scale, f"differs by {difference:.2e} where the largest is {scale:.2e}"
