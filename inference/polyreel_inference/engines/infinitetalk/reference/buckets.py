"""The sizes the model was trained on, and other ones on request."""

from dataclasses import dataclass
from typing import Literal

Resolution = Literal["480p", "720p"]

MULTIPLE = 16
"""Sides of a video are multiples of it: 8 pixels to a latent one, 2 of those to a token."""

# Height to width, as the authors key their table, and the size in pixels: height, width.
_BUCKETS: dict[Resolution, dict[float, tuple[int, int]]] = {
    "480p": {
        0.26: (320, 1216),
        0.38: (384, 1024),
        0.50: (448, 896),
        0.67: (512, 768),
        0.82: (576, 704),
        1.00: (640, 640),
        1.22: (704, 576),
        1.50: (768, 512),
        1.86: (832, 448),
        2.00: (896, 448),
        2.50: (960, 384),
        2.83: (1088, 384),
        3.60: (1152, 320),
        3.80: (1216, 320),
        4.00: (1280, 320),
    },
    "720p": {
        0.22: (448, 2048),
        0.29: (512, 1792),
        0.36: (576, 1600),
        0.45: (640, 1408),
        0.55: (704, 1280),
        0.63: (768, 1216),
        0.76: (832, 1088),
        0.88: (896, 1024),
        1.00: (960, 960),
        1.14: (1024, 896),
        1.31: (1088, 832),
        1.50: (1152, 768),
        1.58: (1216, 768),
        1.82: (1280, 704),
        1.91: (1344, 704),
        2.20: (1408, 640),
        2.30: (1472, 640),
        2.67: (1536, 576),
        2.89: (1664, 576),
        3.62: (1856, 512),
        3.75: (1920, 512),
    },
}


@dataclass(frozen=True)
class VideoSize:
    """Size of a video in pixels, multiples of 16."""

    width: int
    height: int

    @property
    def tokens(self) -> int:
        """Tokens of one latent frame."""
        return (self.width // MULTIPLE) * (self.height // MULTIPLE)


def bucket_for(source_width: int, source_height: int, resolution: Resolution) -> VideoSize:
    """Return the trained size whose shape is nearest to that of the source."""
    shape = source_height / source_width
    buckets = _BUCKETS[resolution]
    height, width = buckets[min(buckets, key=lambda key: abs(key - shape))]
    return VideoSize(width, height)


def bucket_sizes(resolution: Resolution) -> tuple[VideoSize, ...]:
    """Return all trained sizes, the widest shape first."""
    return tuple(VideoSize(width, height) for height, width in _BUCKETS[resolution].values())


def requested_size(source_width: int, source_height: int, width: int | None, height: int | None) -> VideoSize:
    """Return the size asked for, rounded to multiples of 16; a side left out follows the source's shape.

    Raises `ValueError` when both are left out.
    """
    if width is None and height is None:
        raise ValueError("no size is asked for")
    if width is None:
        width = round((height or 0) * source_width / source_height)
    if height is None:
        height = round(width * source_height / source_width)
    return VideoSize(_rounded(width), _rounded(height))


def _rounded(side: int) -> int:
    return max(MULTIPLE, (side + MULTIPLE // 2) // MULTIPLE * MULTIPLE)
