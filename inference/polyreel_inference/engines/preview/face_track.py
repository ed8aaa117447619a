"""Faces through a video: who is where in each frame, steady enough to paint on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Self

import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.faces.landmarks import Crop, Face, FaceFinder, Mesh
from polyreel_inference.media.video_reader import VideoReader

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

_SCANNED_FRAMES = 12
_SEARCH_EVERY = (
    4  # frames between searches for a lost face; a full search costs as much as ten tracked frames
)
_WEIGHTS = np.array([1.0, 4.0, 6.0, 4.0, 1.0], np.float32)
_REACH = len(_WEIGHTS) // 2
# Lips move too fast for that much averaging: a closing mouth would be painted over half open.
_LIPS = np.unique([index for pair in mp.solutions.face_mesh.FACEMESH_LIPS for index in pair])
_LIPS_OWN_SHARE = np.float32(0.65)


def scan(
    video: VideoReader, prepare: Callable[[Image], Image], wanted: int, check_cancelled: Callable[[], None]
) -> list[Face]:
    """Look at frames spread over a video until `wanted` faces are seen at once.

    `prepare` scales each frame as the tracker will see it. Returns the faces of the frame that showed most of
    them, largest first; empty when none did.
    """
    step = max(1, len(video) // _SCANNED_FRAMES)
    best: list[Face] = []
    with FaceFinder() as finder:
        for index, frame in enumerate(video):
            if index % step:
                continue
            check_cancelled()
            faces = finder.find(prepare(frame))
            best = max(best, faces, key=len)
            if len(best) >= wanted:
                break
    return best


class FaceTracker:
    """Follows up to `people` faces from frame to frame; person 0 is the leftmost. A context manager."""

    def __init__(self, people: int) -> None:
        self._finder = FaceFinder()
        self._meshes = [Mesh(tracking=True) for _ in range(people)]
        self._crops: list[Crop | None] = [None] * people
        self._frame = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._finder.close()
        for mesh in self._meshes:
            mesh.close()

    def follow(self, frames: Iterable[Image]) -> Iterator[tuple[Image, list[Face | None]]]:
        """Each RGB frame with the face of every person, None where a person is not seen.

        Positions are averaged over five frames around each one, so they neither tremble nor lag; the stream
        is read two frames ahead.
        """
        held: deque[tuple[Image, list[Face | None]]] = deque()
        seen: deque[list[Face | None]] = deque(maxlen=len(_WEIGHTS))
        for frame in frames:
            found = self._track(frame)
            if not seen:
                seen.extend([found] * _REACH)
            seen.append(found)
            held.append((frame, found))
            if len(seen) == len(_WEIGHTS):
                yield held.popleft()[0], self._steady(seen)
        while held and seen:
            seen.append(seen[-1])
            if len(seen) == len(_WEIGHTS):
                yield held.popleft()[0], self._steady(seen)

    def _steady(self, seen: deque[list[Face | None]]) -> list[Face | None]:
        return [_average([faces[person] for faces in seen]) for person in range(len(self._meshes))]

    def _track(self, frame: Image) -> list[Face | None]:
        faces: list[Face | None] = []
        for person, mesh in enumerate(self._meshes):
            crop = self._crops[person]
            face = mesh.find(frame, crop) if crop is not None else None
            if face is not None and any(_overlap(face, other) for other in faces):
                face = None  # two trackers slid onto one face
            if crop is not None and (face is None or _left_crop(face, crop)):
                mesh.reset()
                self._crops[person] = Crop.around(face) if face is not None else None
            faces.append(face)
        if None in faces and self._frame % _SEARCH_EVERY == 0:
            self._search(frame, faces)
        self._frame += 1
        return faces

    def _search(self, frame: Image, faces: list[Face | None]) -> None:
        missing = [person for person, face in enumerate(faces) if face is None]
        fresh = [face for face in self._finder.find(frame) if not any(_overlap(face, old) for old in faces)]
        if not fresh or (len(faces) > 1 and len(missing) == len(faces) and len(fresh) == 1):
            # A lone face of a pair that was never told apart goes to the side of the picture it is on.
            missing = [int(face.centre[0] * 2 > frame.shape[1]) for face in fresh]
        chosen = sorted(fresh[: len(missing)], key=lambda face: float(face.centre[0]))
        for person, face in zip(missing, chosen, strict=False):
            faces[person] = face
            self._crops[person] = Crop.around(face)
            self._meshes[person].reset()


def _overlap(face: Face, other: Face | None) -> bool:
    return other is not None and float(np.linalg.norm(face.centre - other.centre)) < 0.4 * other.height


def _left_crop(face: Face, crop: Crop) -> bool:
    wanted = Crop.around(face)
    moved = max(abs(wanted.x - crop.x), abs(wanted.y - crop.y)) > 0.12 * crop.side
    return moved or not 0.75 < wanted.side / crop.side < 1.33


def _average(faces: list[Face | None]) -> Face | None:
    middle = faces[_REACH]
    if middle is None:
        return None
    total, weights = np.zeros_like(middle.points), 0.0
    for face, weight in zip(faces, _WEIGHTS, strict=True):
        # After a cut the neighbours show another place, or another person.
        if face is not None and float(np.abs(face.centre - middle.centre).max()) < 0.25 * middle.height:
            total += face.points * weight
            weights += float(weight)
    steady = total / np.float32(weights)
    steady[_LIPS] += (middle.points[_LIPS] - steady[_LIPS]) * _LIPS_OWN_SHARE
    return Face(steady)
