"""The one interface behind which face networks stand."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture: uint8 RGB [height, width, 3]."""

Points = NDArray[np.float64]
"""Positions in pixels of a frame, [n, 2], x before y."""

_NARROWEST, _LOWEST = 50, 80
_SLIMMEST, _WIDEST = 0.2, 1.5
_LEAST_SCORE = 0.5


@dataclass(frozen=True)
class DetectedFace:
    """One face in one frame.

    `box` [4] is left, top, right, bottom in pixels, `score` the detector's certainty in 0..1, and `anchors`
    [3, 2] the middle of the brow on the left of the picture, of the other brow, and of the nose.
    """

    box: NDArray[np.float64]
    score: float
    anchors: Points

    @property
    def width(self) -> float:
        """Width of the box in pixels, its edges cut off to whole ones as in LatentSync."""
        return float(np.trunc(self.box[2]) - np.trunc(self.box[0]))

    @property
    def height(self) -> float:
        """Height of the box in pixels, its edges cut off to whole ones as in LatentSync."""
        return float(np.trunc(self.box[3]) - np.trunc(self.box[1]))

    @property
    def area(self) -> float:
        """Area of the box in pixels."""
        return self.width * self.height

    @property
    def centre(self) -> Points:
        """Middle of the box, [2]."""
        return np.array([self.box[0] + self.box[2], self.box[1] + self.box[3]]) / 2

    @property
    def acceptable(self) -> bool:
        """Whether LatentSync takes the face: large enough, upright in shape, and certain."""
        return (
            self.width >= _NARROWEST
            and self.height >= _LOWEST
            and _SLIMMEST <= self.width / self.height <= _WIDEST
            and self.score >= _LEAST_SCORE
        )


class LandmarkSource(Protocol):
    """Finds faces in single pictures. Keeps nothing from call to call; one thread at a time may use it."""

    def find(self, image: Image) -> list[DetectedFace]:
        """All faces of an RGB picture [h, w, 3], in any order and of any size; empty when there is none."""
        ...

    def close(self) -> None:
        """Free the networks."""
        ...
