"""The small corner tag that tells a preview from the work of a real model."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_TEXT = "preview"
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SMALLEST = 11  # pixels: below it the letters run together
_DRAWN_SCALE = 2.0  # drawn large once and scaled down: smooth letters at every size


class Watermark:
    """The word "preview", white on a soft dark plate, in the lower right corner of frames of one size."""

    def __init__(self, width: int, height: int) -> None:
        """`width` and `height` of the frames in pixels."""
        (text_width, text_height), baseline = cv2.getTextSize(_TEXT, _FONT, _DRAWN_SCALE, 3)
        pad = text_height // 2
        plate = np.zeros((text_height + baseline + 2 * pad, text_width + 2 * pad), np.uint8)
        cv2.putText(plate, _TEXT, (pad, pad + text_height), _FONT, _DRAWN_SCALE, (255,), 3, cv2.LINE_AA)
        tag_height = int(np.clip(min(width, height) * 0.05, _SMALLEST, height))
        tag_width = min(width, max(1, round(plate.shape[1] * tag_height / plate.shape[0])))
        letters = cv2.resize(plate, (tag_width, tag_height), interpolation=cv2.INTER_AREA)
        margin = min(width - tag_width, height - tag_height, max(2, tag_height // 3))
        self._rows = slice(height - margin - tag_height, height - margin)
        self._columns = slice(width - margin - tag_width, width - margin)
        self._light = np.clip(letters.astype(np.float32) / 255.0 * 1.3, 0, 0.9)[..., None]

    def stamp(self, frame: Image) -> None:
        """Lay the tag over an RGB frame, in place."""
        corner = frame[self._rows, self._columns]
        dimmed = corner * np.float32(0.62)
        corner[...] = (dimmed + (255 - dimmed) * self._light + 0.5).astype(np.uint8)
