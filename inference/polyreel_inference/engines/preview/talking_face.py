"""One frame of talking faces: head, mouth and eyelids composed into a single resampling of the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.blink import Eye
from polyreel_inference.engines.preview.head_motion import Head, HeadPath
from polyreel_inference.engines.preview.mouth_warp import Mouth, MouthWarp
from polyreel_inference.faces.landmarks import Face

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pose:
    """What one face does in one frame; the ranges are those of `Mouth.move` and `Eye.close`."""

    openness: float
    spread: float
    closed_eyes: float = 0.0


@dataclass(frozen=True)
class Person:
    """A face prepared for movement in one picture. Without `head` and `eyes` only the mouth moves."""

    mouth: Mouth
    eyes: tuple[Eye, ...] = ()
    head: Head | None = None


def prepare(face: Face, image: Image, *, whole_head: bool) -> Person:
    """Measure a face of an RGB picture once; `whole_head` adds eyelids and head movement."""
    mouth = Mouth(face, _skin_brightness(face, image))
    if not whole_head:
        return Person(mouth)
    height, width = image.shape[:2]
    return Person(mouth, (Eye(face, 0), Eye(face, 1)), Head(face, width, height))


class TalkingPicture:
    """Renders frames of one picture size; owns the coordinate buffers, so it serves one job at a time."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._identity_x = np.tile(np.arange(width, dtype=np.float32), (height, 1))
        self._identity_y = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
        self._x, self._y = self._identity_x.copy(), self._identity_y.copy()

    def render(
        self,
        image: Image,
        people: list[tuple[Person, Pose]],
        paths: list[HeadPath] | None = None,
        frame: int = 0,
    ) -> Image:
        """Move all people at once; `paths[i]` at `frame` moves the head of person i."""
        boxes: list[Box] = []
        for index, (person, _) in enumerate(people):
            if person.head is not None and paths is not None:
                boxes.append(self._turn(person.head, paths[index], frame))
        warps: list[tuple[Box, MouthWarp]] = []
        for person, pose in people:
            box = _grow(person.mouth.box(self._width, self._height), 4, self._width, self._height)
            if _empty(box):
                continue
            rows, columns = _slices(box)
            warp = person.mouth.move(
                self._x[rows, columns], self._y[rows, columns], pose.openness, pose.spread
            )
            self._x[rows, columns], self._y[rows, columns] = warp.x, warp.y
            warps.append((box, warp))
            boxes.append(box)
            if pose.closed_eyes > 0:
                boxes += [self._blink(eye, pose.closed_eyes) for eye in person.eyes]
        out = self._resample(image, boxes)
        for box, warp in warps:
            _fill(out, box, warp)
        return out

    def _turn(self, head: Head, path: HeadPath, frame: int) -> Box:
        rows, columns = _slices(head.box)
        x, y = head.shift(path, frame)
        self._x[rows, columns] += x
        self._y[rows, columns] += y
        return head.box

    def _blink(self, eye: Eye, closed: float) -> Box:
        box = _grow(eye.box(self._width, self._height), 6, self._width, self._height)
        rows, columns = _slices(box)
        if not _empty(box):
            x, y = eye.close(self._x[rows, columns], self._y[rows, columns], closed)
            self._x[rows, columns], self._y[rows, columns] = x, y
        return box

    def _resample(self, image: Image, boxes: list[Box]) -> Image:
        out = image.copy()
        boxes = [box for box in boxes if not _empty(box)]
        if not boxes:
            return out
        union = (
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        )
        rows, columns = _slices(union)
        out[rows, columns] = cv2.remap(
            image,
            self._x[rows, columns],
            self._y[rows, columns],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        self._x[rows, columns] = self._identity_x[rows, columns]
        self._y[rows, columns] = self._identity_y[rows, columns]
        return out


def _fill(out: Image, box: Box, warp: MouthWarp) -> None:
    """Lay the mouth's interior over the resampled picture, only where there is any."""
    touched = (warp.inside > 0) | (warp.shade < 1)
    lines, marks = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not len(lines):
        return
    part = np.s_[lines[0] : lines[-1] + 1, marks[0] : marks[-1] + 1]
    patch = out[_slices(box)][part]
    inside = warp.inside[part][..., None]
    mixed = patch * warp.shade[part][..., None] * (1 - inside) + warp.colour[part] * inside
    patch[...] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _skin_brightness(face: Face, image: Image) -> float:
    # Cheeks and chin: lit like the teeth will be, and free of lips and beard shadow on most faces.
    height, width = image.shape[:2]
    spots = np.clip(np.rint(face.points[[50, 280, 205, 425, 199]]).astype(int), 0, [width - 1, height - 1])
    radius = max(1, int(face.height * 0.03))
    values = [
        image[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1].mean()
        for x, y in spots
    ]
    return float(np.median(values))


def _grow(box: Box, by: int, width: int, height: int) -> Box:
    left, top, right, bottom = box
    return max(0, left - by), max(0, top - by), min(width, right + by), min(height, bottom + by)


def _empty(box: Box) -> bool:
    return box[2] <= box[0] or box[3] <= box[1]


def _slices(box: Box) -> tuple[slice, slice]:
    return slice(box[1], box[3]), slice(box[0], box[2])
