"""Where the crop of a face lies: the similarity transform that lays three points of it on a template."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.faces.landmark_source import Points

Matrix = NDArray[np.float64]
"""An affine map [2, 3] from pixels of a frame to pixels of the upright crop before it is made square."""

Smoothing = Literal["steady", "original"]

_CANVAS = 75, 100
_TEMPLATE = np.array([[17.0, 20.0], [58.0, 20.0], [37.5, 40.0]])
_SCALE_AT_256 = 2.8
_OWN_SHARE = 0.8


@dataclass(frozen=True)
class Template:
    """Where brows and nose lie in the crop of a network that works at `resolution` pixels.

    The canvas of 75 x 100 units is that of StyleSync, from which LatentSync took its alignment.
    """

    resolution: int

    @property
    def _unit(self) -> float:
        return self.resolution / 256 * _SCALE_AT_256

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright crop in pixels: (210, 280) at 256, (420, 560) at 512."""
        return int(_CANVAS[0] * self._unit), int(_CANVAS[1] * self._unit)

    @property
    def points(self) -> Points:
        """Left brow, right brow, nose in pixels of the upright crop, [3, 2]."""
        return _TEMPLATE * self._unit


def similarity(source: Points, target: Points) -> tuple[Matrix, Points]:
    """The rotation, scaling and shift that lays `source` on `target`, both [n, 2], by Procrustes analysis.

    Both sets are centred and divided by the standard deviation of all their numbers (with n - 1). Returns
    the map [2, 3] and what is left of the distance of the last point, [2], in those units.
    """
    from_centre, to_centre = source.mean(axis=0), target.mean(axis=0)
    from_scale, to_scale = (source - from_centre).std(ddof=1), (target - to_centre).std(ddof=1)
    one, other = (source - from_centre) / from_scale, (target - to_centre) / to_scale
    left, _, right = np.linalg.svd(one.T @ other)
    rotation = right.T @ left.T
    if np.linalg.det(rotation) < 0:
        right[-1] *= -1
        rotation = right.T @ left.T
    turned = to_scale / from_scale * rotation
    shift = to_centre - turned @ from_centre
    return np.column_stack([turned, shift]), other[-1] - one[-1]


class Alignment:
    """Makes the matrices of one video, frame after frame.

    `original` rounds the points to whole pixels and then shifts each crop by what remains of the nose's
    distance from the template, mixed with 20 % of the shift of the frame before: less than a pixel, as in
    LatentSync. `steady` takes the points as they are: `steady_anchors` has averaged them.
    """

    def __init__(self, template: Template, smoothing: Smoothing) -> None:
        self._template = template
        self._smoothing = smoothing
        self._shift: Points | None = None

    def matrix(self, anchors: Points) -> Matrix:
        """The map from frame to crop for left brow, right brow and nose, [3, 2] in pixels."""
        if self._smoothing == "steady":
            return similarity(anchors, self._template.points)[0]
        matrix, shift = similarity(np.rint(anchors), self._template.points)
        if self._shift is not None:
            shift = (1 - _OWN_SHARE) * self._shift + _OWN_SHARE * shift
        self._shift = shift
        matrix[:, 2] += shift
        return matrix
