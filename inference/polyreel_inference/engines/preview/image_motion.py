"""i2v: a camera moves over a picture whose near parts travel faster, and may end on a last picture."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.camera import Camera, View
from polyreel_inference.engines.preview.words import words_of

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Move:
    """A camera move: final `zoom`, pan direction `x`, `y` (-1..1), `reverse` runs the zoom outwards."""

    zoom: float
    x: float
    y: float
    reverse: bool


def choose_move(prompt: str, seed: int) -> Move:
    """The move a prompt asks for ("zoom out", "pan left", "tilt up", "slow", "fast"), the rest by seed."""
    words = words_of(prompt)
    known = set(words)
    random = np.random.default_rng([seed, 0x12F])
    angle, zoom = float(random.uniform(0, 2 * np.pi)), float(random.uniform(1.12, 1.22))
    x, y = float(np.cos(angle)), 0.6 * float(np.sin(angle))
    camera = known & {"pan", "pans", "panning", "move", "moves", "moving", "tilt", "tilts", "track", "camera"}
    sides = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
    asked = [sides[word] for word in words if word in sides] if camera else []
    if asked:
        x, y = asked[0]
    away = known & {"out", "away", "back", "wider"} and known & {
        "zoom",
        "zooms",
        "pull",
        "pulls",
        "dolly",
        "camera",
    }
    pace = 0.55 if known & {"slow", "slowly", "gentle", "calm"} else 1.0
    pace = 1.5 if known & {"fast", "quick", "dramatic", "rapid"} else pace
    return Move(1.0 + (zoom - 1.0) * pace, x * pace, y * pace, bool(away))


def nearness_of(image: Image) -> FloatArray:
    """A smooth guess of how near each part of an RGB picture is: [h, w], 0 far, 1 close.

    The ground is nearer than the sky, sharp and colourful parts nearer than plain ones, the middle nearer
    than the sides. Smooth on purpose: nothing tears when near parts slide over far ones.
    """
    height, width = image.shape[:2]
    small = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    detail = np.abs(np.asarray(cv2.Laplacian(lab[..., 0], cv2.CV_32F, ksize=3), np.float32))
    border = np.concatenate([lab[0], lab[:, 0], lab[:, -1]]).reshape(-1, 3)
    unlike = np.linalg.norm(lab - np.median(border, axis=0), axis=2)
    sharp = _stretched(cv2.GaussianBlur(detail, (0, 0), 5))
    distinct = _stretched(cv2.GaussianBlur(unlike, (0, 0), 4))
    y, x = np.mgrid[0:96, 0:96].astype(np.float32) / 95.0
    central = np.exp(-(((x - 0.5) / 0.35) ** 2) - ((y - 0.55) / 0.45) ** 2)
    depth = 0.3 * sharp + 0.3 * distinct + 0.25 * central + 0.3 * y**1.5
    smooth = _stretched(cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 6))
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _stretched(values: NDArray[Any]) -> FloatArray:
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1e-6), np.float32)


class ImageMotion:
    """Renders the frames of one i2v job."""

    def __init__(self, image: Image, last: Image | None, move: Move, frames: int, fps: float) -> None:
        """`image` and `last` are RGB pictures of the video's size."""
        self._image, self._last, self._move, self._frames = image, last, move, frames
        self._camera = Camera(image.shape[1], image.shape[0])
        self._near = nearness_of(image)
        self._near_last = nearness_of(last) if last is not None else self._near
        # A short clip travels less far, so that one second is not a lurch and ten are not a crawl.
        self._travel = float(np.clip(0.3 + frames / fps * 0.16, 0.3, 1.6))

    def render(self, frame: int) -> Image:
        """Frame number `frame`. The first shows the whole picture (unless the camera pulls out); the last
        frame is the last picture itself when there is one."""
        time = frame / max(1, self._frames - 1)
        if self._last is None:
            return self._camera.look(self._image, self._view(_ease(time)), self._near)
        fade = _ease((time - 0.3) / 0.5)
        leaving = self._camera.look(self._image, self._view(_ease(time)), self._near)
        # The second picture arrives from the other end of the same move and comes to rest.
        arriving = self._camera.look(self._last, self._view(-_ease(1 - time)), self._near_last)
        return np.asarray(cv2.addWeighted(leaving, 1 - fade, arriving, fade, 0), np.uint8)

    def _view(self, way: float) -> View:
        move = self._move
        share = abs(way) * self._travel
        room = 1.0 + (move.zoom - 1.0) * share
        if move.reverse and self._last is None:
            room = 1.0 + (move.zoom - 1.0) * (1 - abs(way)) * self._travel
        signed = way * self._travel
        # Half of what the zoom cuts away is free to pan in; the rest is left to the parallax.
        free = (room - 1.0) / room / 2
        slide = min(0.022 * share, free * 0.5)
        direction = 1.0 if signed >= 0 else -1.0
        return View(
            zoom=room,
            x=free * 0.45 * move.x * direction,
            y=free * 0.45 * move.y * direction,
            slide_x=slide * move.x * direction,
            slide_y=slide * move.y * direction,
        )


def _ease(time: float) -> float:
    t = min(1.0, max(0.0, time))
    return t * t * (3 - 2 * t)
