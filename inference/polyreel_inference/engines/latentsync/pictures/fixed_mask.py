"""The fixed mask: which part of a crop is regenerated."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.pictures.mask_table import RUNS, SIDE

Plane = NDArray[np.float32]


@lru_cache(maxsize=8)
def keep_mask(resolution: int) -> Plane:
    """The mask as [resolution, resolution] in 0..1: 1 keeps a pixel, 0 regenerates it. Read-only.

    Other sizes than 256 are resampled (Lanczos), which makes the edge soft.
    """
    picture = np.full((SIDE, SIDE), 255, np.uint8)
    for entry in RUNS.split(";"):
        rows, columns = entry.strip().split(":")
        top, bottom = _span(rows)
        for run in columns.split("+"):
            left, right = _span(run)
            picture[top : bottom + 1, left : right + 1] = 0
    resized = cv2.resize(picture, (resolution, resolution), interpolation=cv2.INTER_LANCZOS4)
    mask = np.asarray(resized / 255.0, np.float32)
    mask.flags.writeable = False
    return mask


def masked(crop: Image) -> NDArray[np.float32]:
    """A crop [r, r, 3] in [-1, 1] whose region to regenerate is mid-grey (0), as in the mask video."""
    scaled = crop.astype(np.float32) / np.float32(127.5) - 1
    return np.asarray(scaled * keep_mask(len(crop))[..., None], np.float32)


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)
