"""Whose mouth is moved: one face out of those of a frame."""

from collections.abc import Sequence
from typing import Literal, Protocol

import cv2
import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image

FirstFace = Literal["largest", "left", "middle", "right"]
"""Who is followed when a shot begins: the largest face, or the one at that place of the row of faces."""

_REACH = 0.6  # of the face's height: how far a face may move from one frame to the next
_GROWTH = 1.6  # by how much its height may change
_THUMBNAIL = 32
_CUT = 38.0  # mean difference of two thumbnails in grey levels; movement and flashes of light stay below


class FaceChoice(Protocol):
    """Takes the frames of a video one after the other."""

    def choose(self, image: Image, faces: Sequence[DetectedFace]) -> DetectedFace | None:
        """The face of this frame, None when nobody acceptable is in it."""
        ...


class LargestFace:
    """The largest face of every frame, whoever that is, as in LatentSync."""

    def choose(self, image: Image, faces: Sequence[DetectedFace]) -> DetectedFace | None:  # noqa: ARG002
        """The acceptable face with the largest box, None when there is none."""
        return _largest([face for face in faces if face.acceptable])


class FollowedFace:
    """One person through a video: chosen once and then followed, however large others are.

    After a cut, or when the person has not been seen for `patience` frames, it is chosen afresh; until then
    frames without the person have no face.
    """

    def __init__(self, first: FirstFace, patience: int) -> None:
        self._first = first
        self._patience = patience
        self._last: DetectedFace | None = None
        self._unseen = 0
        self._thumbnail: Image | None = None

    def choose(self, image: Image, faces: Sequence[DetectedFace]) -> DetectedFace | None:
        """The followed person's face in this RGB frame, None where it is not seen."""
        if self._is_cut(image):
            self._last = None
        accepted = [face for face in faces if face.acceptable]
        if self._last is not None:
            last = self._last
            near = [face for face in accepted if _follows(face, last)]
            if near:
                self._unseen = 0
                self._last = min(near, key=lambda face: _distance(face, last))
                return self._last
            self._unseen += 1
            if self._unseen <= self._patience:
                return None
        self._unseen = 0
        self._last = _first(accepted, self._first)
        return self._last

    def _is_cut(self, image: Image) -> bool:
        small = cv2.resize(image, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
        before, self._thumbnail = self._thumbnail, np.asarray(small, np.uint8)
        return before is not None and float(np.abs(before.astype(np.int16) - small).mean()) > _CUT


def _first(faces: list[DetectedFace], place: FirstFace) -> DetectedFace | None:
    if not faces or place == "largest":
        return _largest(faces)
    row = sorted(faces, key=lambda face: float(face.centre[0]))
    return row[{"left": 0, "middle": len(row) // 2, "right": -1}[place]]


def _largest(faces: list[DetectedFace]) -> DetectedFace | None:
    return max(faces, key=lambda face: face.area, default=None)


def _distance(one: DetectedFace, other: DetectedFace) -> float:
    return float(np.linalg.norm(one.centre - other.centre))


def _follows(face: DetectedFace, before: DetectedFace) -> bool:
    grown = face.height / before.height
    return _distance(face, before) < _REACH * before.height and 1 / _GROWTH < grown < _GROWTH
