"""The coordinate frame of a part of a face: upright axes, so that lips and lids become functions of x."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class FaceFrame:
    """Origin in pixels; x runs along the face's own horizontal, y down the face. Lengths stay pixels."""

    x: float
    y: float
    cos: float
    sin: float

    @classmethod
    def between(cls, origin: FloatArray, left: FloatArray, right: FloatArray) -> "FaceFrame":
        """A frame at `origin` whose x axis runs from `left` to `right`, all [2]."""
        direction = right - left
        direction = direction / max(float(np.linalg.norm(direction)), 1e-6)
        return cls(float(origin[0]), float(origin[1]), float(direction[0]), float(direction[1]))

    def local(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Picture coordinates to local ones, elementwise."""
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        cos, sin = np.float32(self.cos), np.float32(self.sin)
        return dx * cos + dy * sin, dy * cos - dx * sin

    def image(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Local coordinates to those of the picture, elementwise."""
        cos, sin = np.float32(self.cos), np.float32(self.sin)
        return x * cos - y * sin + np.float32(self.x), x * sin + y * cos + np.float32(self.y)

    def points(self, points: FloatArray) -> FloatArray:
        """Points [n, 2] of the picture in local coordinates, sorted by x."""
        x, y = self.local(points[:, 0], points[:, 1])
        out = np.stack([x, y], axis=1)
        return np.asarray(out[np.argsort(x)], np.float32)


class Curve:
    """A smooth curve y(x) through landmarks, as a table of quarter pixels; constant outside its ends."""

    _STEPS = 4

    def __init__(self, points: FloatArray) -> None:
        """`points` [n, 2] sorted by x."""
        self._low, self._high = float(points[0, 0]), float(points[-1, 0])
        count = max(2, int((self._high - self._low) * self._STEPS) + 1)
        x = np.linspace(self._low, self._high, count)
        # Catmull-Rom slopes keep the curve through every landmark without the ringing of a high polynomial.
        slopes = np.gradient(points[:, 1].astype(np.float64), np.maximum.accumulate(_spread(points[:, 0])))
        self._table = _hermite(x, _spread(points[:, 0]), points[:, 1].astype(np.float64), slopes)
        self._scale = np.float32((count - 1) / max(self._high - self._low, 1e-6))

    def __call__(self, x: FloatArray) -> FloatArray:
        """The curve's y for each x, any shape."""
        index = ((x - np.float32(self._low)) * self._scale + np.float32(0.5)).astype(np.int32)
        return np.asarray(self._table[np.clip(index, 0, len(self._table) - 1)])


def _spread(x: FloatArray) -> NDArray[np.float64]:
    # Landmarks of a turned face may fall on one x; the slopes need them apart.
    return np.asarray(x + np.arange(len(x)) * 1e-3, np.float64)


def _hermite(
    x: NDArray[np.float64],
    knots: NDArray[np.float64],
    values: NDArray[np.float64],
    slopes: NDArray[np.float64],
) -> FloatArray:
    index = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    span = knots[index + 1] - knots[index]
    t = np.clip((x - knots[index]) / span, 0.0, 1.0)
    out = (
        (1 + 2 * t) * (1 - t) ** 2 * values[index]
        + t * (1 - t) ** 2 * span * slopes[index]
        + t * t * (3 - 2 * t) * values[index + 1]
        + t * t * (t - 1) * span * slopes[index + 1]
    )
    return out.astype(np.float32)
