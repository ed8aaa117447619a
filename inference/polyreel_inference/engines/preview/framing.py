"""From the size of a source to the size of the video: which scale, which part."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

SMALLEST, LARGEST = 64, 2048
"""Limits of a video's width and height in pixels."""

_LONG_SIDE_OF_SOURCE = 1024


def choose_size(parameters: dict[str, Any], source: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the video, even numbers, from the parameters and the (width, height) of the source.

    A missing side follows from the other by the source's shape; with both missing the source's size is taken,
    at most 1024 pixels long.
    """
    width: int | None = parameters.get("width")
    height: int | None = parameters.get("height")
    if width is not None and height is not None:
        return _even(width), _even(height)
    if width is not None:
        return _even(width), _even(source[1] * width / source[0])
    if height is not None:
        return _even(source[0] * height / source[1]), _even(height)
    scale = min(1.0, _LONG_SIDE_OF_SOURCE / max(source))
    return _even(source[0] * scale), _even(source[1] * scale)


def _even(value: float) -> int:
    return int(np.clip(round(value / 2) * 2, SMALLEST, LARGEST))


@dataclass(frozen=True)
class Framing:
    """Scales pictures of the source to fill the video and cuts what stands over."""

    width: int
    height: int
    scaled_width: int
    scaled_height: int
    left: int = 0
    top: int = 0

    @classmethod
    def fill(cls, source: tuple[int, int], size: tuple[int, int]) -> "Framing":
        """A framing of a source (width, height) for a video (width, height), cut equally on both sides."""
        scale = max(size[0] / source[0], size[1] / source[1])
        scaled = max(size[0], round(source[0] * scale)), max(size[1], round(source[1] * scale))
        return cls(*size, *scaled).looking_at(scaled[0] / 2, scaled[1] / 2)

    def looking_at(self, x: float, y: float) -> "Framing":
        """The same scale with the point `x`, `y` of the scaled picture as near to the middle as possible."""
        left = int(np.clip(round(x - self.width / 2), 0, self.scaled_width - self.width))
        top = int(np.clip(round(y - self.height / 2), 0, self.scaled_height - self.height))
        return Framing(self.width, self.height, self.scaled_width, self.scaled_height, left, top)

    def scale(self, image: Image) -> Image:
        """The whole picture at the video's scale."""
        if image.shape[1] == self.scaled_width and image.shape[0] == self.scaled_height:
            return image
        smaller = self.scaled_width < image.shape[1]
        method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        return np.asarray(
            cv2.resize(image, (self.scaled_width, self.scaled_height), interpolation=method), np.uint8
        )

    def cut(self, scaled: Image) -> Image:
        """The part of a scaled picture the video shows, contiguous."""
        part = scaled[self.top : self.top + self.height, self.left : self.left + self.width]
        return np.ascontiguousarray(part)

    def apply(self, image: Image) -> Image:
        """Scale and cut."""
        return self.cut(self.scale(image))
