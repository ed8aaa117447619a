"""Where people are in the source picture: areas of pixels, from boxes, mask pictures, or by default."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from polyreel_inference.engines.infinitetalk.speakers.boxes import Box
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.image import read_image

Area = NDArray[np.bool_]
"""Pixels of the source picture that belong to a person, [height, width]."""

_BORDER = 0.05
_NARROWEST = 0.1
_WHITE = 128


def halves(width: int, height: int) -> tuple[Area, Area]:
    """Return the left and the right half, each without 5 % of its size on every side."""
    half = width // 2
    top, bottom = int(height * _BORDER), int(height * (1 - _BORDER))
    first, last = int(half * _BORDER), int(half * (1 - _BORDER))
    left = area_of_box(Box(first, top, last, bottom), width, height)
    first, last = int(half * _BORDER + half), int(half * (1 - _BORDER) + half)
    return left, area_of_box(Box(first, top, last, bottom), width, height)


def area_of_box(box: Box, width: int, height: int) -> Area:
    """Return the pixels of `box` in a picture of `width` x `height` pixels."""
    area = np.zeros((height, width), np.bool_)
    area[box.top : box.bottom, box.left : box.right] = True
    return area


def area_of_mask(path: Path, width: int, height: int) -> Area:
    """Return the white pixels of a black and white picture, scaled to `width` x `height` pixels.

    What is transparent counts as black. Raises `UnreadableMedia` when it is no picture, and `EngineError`
    when nothing of it is white.
    """
    grey = Image.fromarray(read_image(path, paper="black")).convert("L")
    if grey.size != (width, height):
        grey = grey.resize((width, height), Image.Resampling.NEAREST)
    area = np.asarray(grey) >= _WHITE
    if not area.any():
        raise EngineError(
            ErrorCode.INVALID_INPUT, "A mask is black all over; paint the person it stands for white."
        )
    return area


def area_beside(area: Area) -> Area:
    """Return where somebody beside the person of `area` is: the wider side of it, without 5 % at its edges.

    Raises `EngineError` when neither side is a tenth of the picture wide.
    """
    height, width = area.shape
    columns = np.flatnonzero(area.any(axis=0))
    left, right = (0, int(columns[0])), (int(columns[-1]) + 1, width)
    start, end = max(left, right, key=lambda side: side[1] - side[0])
    if end - start < _NARROWEST * width:
        raise EngineError(
            ErrorCode.INVALID_INPUT,
            "The speaker fills the width of the picture; leave the box or mask out, or give a second one for"
            " the person who is silent.",
        )
    border, margin = round((end - start) * _BORDER), round(height * _BORDER)
    return area_of_box(Box(start + border, margin, end - border, height - margin), width, height)
