"""Anchors of a followed face, averaged over time so that the crop does not tremble."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Points

_WEIGHTS = np.array([1.0, 4.0, 6.0, 4.0, 1.0])
_REACH = len(_WEIGHTS) // 2
_SAME_SHOT = 0.25  # of the face's height: neighbours further away show another place, or another person


def steady(faces: Iterable[DetectedFace | None]) -> Iterator[Points | None]:
    """The anchors [3, 2] of each face as the binomial mean of five frames around it; None stays None.

    Reads two faces ahead.
    """
    padding = [None] * _REACH
    seen: deque[DetectedFace | None] = deque(padding, maxlen=len(_WEIGHTS))
    for face in chain(faces, padding):
        seen.append(face)
        if len(seen) == len(_WEIGHTS):
            yield _mean(seen)


def _mean(faces: deque[DetectedFace | None]) -> Points | None:
    middle = faces[_REACH]
    if middle is None:
        return None
    total, weights = np.zeros_like(middle.anchors), 0.0
    for face, weight in zip(faces, _WEIGHTS, strict=True):
        if face is not None and float(np.abs(face.centre - middle.centre).max()) < _SAME_SHOT * middle.height:
            total += face.anchors * weight
            weights += float(weight)
    return total / weights
