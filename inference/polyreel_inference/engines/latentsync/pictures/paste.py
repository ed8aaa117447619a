"""Pasting of regenerated crops into their frames."""

from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.pictures.alignment import Matrix, Template
from polyreel_inference.engines.latentsync.pictures.fixed_mask import Plane, keep_mask
from polyreel_inference.engines.latentsync.pictures.region import Box, Region

Crop = NDArray[np.float32]
"""A crop [resolution, resolution, 3], RGB in [-1, 1]."""

PastedPart = Literal["mouth", "rectangle"]

_OUTSIDE = 127.0
"""What lies around a crop that is pasted. LatentSync means grey levels, but crops are in [-1, 1]: pixels on
the very edge of a pasted rectangle become lighter. The soft border hides nearly all of it."""

_FEATHER = 6 / 256  # of the crop's side: wide enough to hide a seam, narrow enough to keep the lips whole


class Paster:
    """Lays crops of one resolution over the frames they were cut from.

    `rectangle` pastes the whole crop with a soft border, as LatentSync does: the upper face is resampled too,
    which softens it. `mouth` pastes only the region of the fixed mask, with a feathered edge inside it, and
    leaves every other pixel of the frame as it is.
    """

    def __init__(self, template: Template, part: PastedPart) -> None:
        self._template = template
        self._part = part

    def paste(self, frame: Image, crop: Crop, matrix: Matrix) -> Image:
        """A copy of `frame` [h, w, 3] with `crop` where `matrix` (frame to upright crop) took it from."""
        out = frame.copy()
        width, height = self._template.size
        mouth = _mouth(self._template.resolution, width, height) if self._part == "mouth" else None
        box = (0, 0, width, height) if mouth is None else _covered(mouth)
        region = Region.of(matrix, box, (frame.shape[0], frame.shape[1]))
        if region.empty:
            return out
        placed = region.matrix(matrix)
        face = _levels(_laid(self._upright(crop), placed, region, _OUTSIDE))
        if mouth is None:
            alpha, inside = _soft_rectangle(self._template.size, placed, region)
            face *= inside[..., None]
        else:
            alpha = _laid(mouth, placed, region)
        target = region.of_image(out)
        shown = target.astype(np.float32)
        face -= shown
        face *= alpha[..., None]
        face += shown
        # Brightness is cut off as in LatentSync; a hair is added so that untouched pixels stay untouched.
        face += np.float32(1e-3)
        target[:] = np.clip(face, 0, 255, out=face).astype(np.uint8)
        return out

    def _upright(self, crop: Crop) -> Crop:
        width, height = self._template.size
        planes = torch.from_numpy(np.ascontiguousarray(crop.transpose(2, 0, 1)))[None]
        upright = functional.interpolate(
            planes, size=(height, width), mode="bicubic", align_corners=False, antialias=True
        )
        return np.ascontiguousarray(upright[0].numpy().transpose(1, 2, 0))


def _levels(face: Crop) -> NDArray[np.float32]:
    """A crop in grey levels 0..255, in place."""
    face *= np.float32(127.5)
    face += np.float32(127.5)
    return np.clip(face, 0, 255, out=face)


def _covered(plane: Plane) -> Box:
    """The part of a plane that is not 0."""
    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _laid(source: Crop | Plane, matrix: Matrix, region: Region, outside: float = 0) -> NDArray[np.float32]:
    """What the crop shows at each pixel of the region, `outside` beyond it; `matrix` maps region to crop."""
    laid = cv2.warpAffine(
        source,
        matrix,
        region.size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(outside, outside, outside),
    )
    return np.asarray(laid, np.float32)


def _soft_rectangle(size: tuple[int, int], matrix: Matrix, region: Region) -> tuple[Plane, Plane]:
    """The soft border of a pasted rectangle and the hard one, both [h, w] in 0..1.

    The width of the border is a twentieth of the root of the pasted area, at least a pixel.
    """
    width, height = size
    inside = cv2.erode(_laid(np.ones((height, width), np.float32), matrix, region), np.ones((2, 2), np.uint8))
    edge = max(1, int(float(inside.sum(dtype=np.float64)) ** 0.5) // 20)
    kernel = np.ones((2 * edge, 2 * edge), np.uint8)
    blur = 2 * edge + 1
    sigma = 0.3 * ((blur - 1) * 0.5 - 1) + 0.8
    soft = cv2.GaussianBlur(
        cv2.erode(inside, kernel), (blur, blur), sigmaX=sigma, borderType=cv2.BORDER_REFLECT_101
    )
    return np.asarray(soft, np.float32), np.asarray(inside, np.float32)


@lru_cache(maxsize=8)
def _mouth(resolution: int, width: int, height: int) -> Plane:
    """How much of the crop is pasted, [height, width] in 0..1: 0 from the edge of the mask outwards."""
    region = 1 - keep_mask(resolution)
    feather = max(1, round(resolution * _FEATHER))
    # The blur reaches as far as the erosion took away.
    inner = cv2.erode(region, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * feather + 1,) * 2))
    soft = cv2.GaussianBlur(inner, (2 * feather + 1,) * 2, sigmaX=feather / 2)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
