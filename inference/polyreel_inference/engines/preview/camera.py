"""A moving camera over one picture: zoom, pan, and parallax between its near and far parts."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """Where the camera stands: `zoom` >= 1, `x` and `y` the pan in shares of width and height, and the
    sideways travel `slide_x`, `slide_y` that moves near parts against far ones, in the same unit."""

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    slide_x: float = 0.0
    slide_y: float = 0.0


class Camera:
    """Looks at pictures of one size; owns its coordinate buffers, so it serves one job at a time."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = np.float32(width), np.float32(height)
        self._x = np.arange(width, dtype=np.float32)[None, :] - self._width / 2
        self._y = np.arange(height, dtype=np.float32)[:, None] - self._height / 2

    def look(self, image: Image, view: View, nearness: FloatArray | None = None) -> Image:
        """The picture [h, w, 3] seen from `view`; `nearness` [h, w] is 0 far away and 1 close by."""
        zoom = np.float32(1.0 / view.zoom)
        centre_x = self._width * np.float32(0.5 + view.x)
        centre_y = self._height * np.float32(0.5 + view.y)
        if nearness is None:
            matrix = np.array(
                [
                    [zoom, 0, centre_x - self._width / 2 * zoom],
                    [0, zoom, centre_y - self._height / 2 * zoom],
                ],
                np.float32,
            )
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            size = (image.shape[1], image.shape[0])
            return np.asarray(
                cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT), np.uint8
            )
        x = self._x * zoom + centre_x + nearness * (self._width * np.float32(view.slide_x))
        y = self._y * zoom + centre_y + nearness * (self._height * np.float32(view.slide_y))
        return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)
