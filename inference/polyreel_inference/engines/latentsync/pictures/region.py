"""The part of a frame a crop touches: work on large frames stays as small as the face."""

from dataclasses import dataclass

import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.pictures.alignment import Matrix

Box = tuple[int, int, int, int]
"""A part of an upright crop: left, top, right and bottom in its pixels, the latter two exclusive."""

_MARGIN = 3  # bilinear neighbours and rounding


@dataclass(frozen=True)
class Region:
    """A rectangle of a frame: pixels `left` to `right` and `top` to `bottom`, the latter two exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, matrix: Matrix, box: Box, frame: tuple[int, int]) -> "Region":
        """What a part of an upright crop covers of a frame of `frame` (height, width) pixels."""
        left, top, right, bottom = box
        corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float64)
        spots = np.linalg.solve(matrix[:, :2], (corners - matrix[:, 2]).T)
        low, high = np.floor(spots.min(axis=1)) - _MARGIN, np.ceil(spots.max(axis=1)) + _MARGIN
        return cls(
            int(np.clip(low[0], 0, frame[1])),
            int(np.clip(low[1], 0, frame[0])),
            int(np.clip(high[0], 0, frame[1])),
            int(np.clip(high[1], 0, frame[0])),
        )

    @property
    def empty(self) -> bool:
        """Whether the crop lies wholly outside the frame."""
        return self.left >= self.right or self.top >= self.bottom

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top

    def of_image(self, image: Image) -> Image:
        """The rectangle of an image, as a view."""
        return image[self.top : self.bottom, self.left : self.right]

    def matrix(self, matrix: Matrix) -> Matrix:
        """A map from pixels of the frame as one from pixels of the rectangle."""
        moved = matrix.copy()
        moved[:, 2] += matrix[:, :2] @ np.array([self.left, self.top], np.float64)
        return moved
