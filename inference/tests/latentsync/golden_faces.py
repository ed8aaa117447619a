"""What the golden numbers of golden/faces.npz were made from: outputs of face networks and found faces."""

import numpy as np
from numpy.typing import NDArray

from tests.latentsync.golden_inputs import picture, values

FloatArray = NDArray[np.float32]

PICTURES = {"tall": picture(300, 260, 1), "wide": picture(190, 320, 2), "large": picture(700, 900, 3)}
"""Pictures that faces are looked for in, RGB [h, w, 3]."""

_SIDE = 512
_STRIDES = (8, 16, 32)
_FACES = (
    # Stride, row, column, anchor, score, and the distances to left, top, right and bottom in strides.
    (8, 20, 18, 0, 0.91, (5, 6, 5, 7)),
    (8, 20, 19, 1, 0.88, (5, 6, 5, 7)),
    (8, 24, 30, 0, 0.71, (3, 4, 4, 5)),
    (8, 25, 33, 1, 0.72, (3, 4, 4, 5)),
    (8, 2, 2, 0, 0.5, (3, 3, 3, 4)),
    (8, 40, 9, 1, 0.49, (4, 4, 4, 4)),
    (16, 11, 9, 1, 0.95, (3.5, 4.25, 3, 4.5)),
    (16, 14, 25, 0, 0.66, (2, 2.5, 2, 3)),
    (32, 5, 4, 0, 0.83, (2, 2.5, 2, 3)),
    (32, 7, 12, 1, 0.77, (2, 2, 3, 2.5)),
)


def detector_outputs() -> list[FloatArray]:
    """Return outputs of a detector of 512 x 512: scores, boxes and five points at each of three strides."""
    outputs: dict[tuple[int, int], FloatArray] = {}
    for stride in _STRIDES:
        anchors = 2 * (_SIDE // stride) ** 2
        low = np.abs(values(f"scores {stride}", anchors, 1).numpy()) * np.float32(0.1)
        outputs[1, stride] = low
        for width in (4, 10):
            outputs[width, stride] = values(f"distances {stride}", anchors, width).numpy() + np.float32(3)
    for stride, row, column, anchor, score, distances in _FACES:
        place = 2 * (row * (_SIDE // stride) + column) + anchor
        outputs[1, stride][place] = score
        outputs[4, stride][place] = distances
    return [outputs[width, stride] for width in (1, 4, 10) for stride in _STRIDES]


def points_output() -> FloatArray:
    """Return the output [1, 212] of the network of 106 points."""
    return values("points", 1, 212).numpy() * np.float32(0.5)


FOUND = {
    "largest": ((10, 10, 110, 160, 0.9), (200, 20, 330, 190, 0.6), (5, 5, 90, 100, 0.99)),
    "too_narrow": ((10.0, 10.0, 59.9, 120.0, 0.9), (100, 10, 150, 120, 0.6)),
    "cut_off_to_pixels": ((10.9, 10.0, 60.2, 120.0, 0.9),),
    "too_low": ((10, 10, 90, 89.9, 0.9),),
    "low_enough": ((10, 10, 90, 90, 0.9),),
    "too_wide": ((10, 10, 260, 170, 0.9), (300, 10, 360, 95, 0.7)),
    "just_wide": ((10, 10, 160, 110, 0.9),),
    "too_slim": ((10, 10, 61, 270, 0.9),),
    "unsure": ((10, 10, 210, 210, 0.499), (300, 10, 360, 100, 0.5)),
    "equal": ((10, 10, 110, 110, 0.6), (200, 10, 300, 110, 0.9)),
    "nobody": (),
}
"""Boxes (left, top, right, bottom) and scores of the faces that a detector found in one frame."""
