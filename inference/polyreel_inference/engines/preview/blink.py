"""Eyelids: when they close, and how the skin of the lid follows."""

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.face_frame import Curve, FaceFrame
from polyreel_inference.faces.landmarks import Face

FloatArray = NDArray[np.float32]

_EYES = (
    # corners from left to right in the picture, upper lid, lower lid, lower edge of the brow
    ((33, 133), (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155), (46, 53, 52, 65, 55)),
    (
        (362, 263),
        (398, 384, 385, 386, 387, 388, 466),
        (382, 381, 380, 374, 373, 390, 249),
        (285, 295, 282, 283, 276),
    ),
)

_RIM = 0.3  # lashes and their shadow above the lid's landmarks, over half the eye's width
_CLOSING_S, _CLOSED_S, _OPENING_S = 0.08, 0.04, 0.16


def blink_curve(seconds: float, fps: float, frames: int, seed: int) -> FloatArray:
    """How far the lids are closed in each frame, [frames], 0..1; `seconds` is the mean pause between blinks.

    Pauses vary between about half and twice the mean, as people's do; the same seed blinks the same.
    """
    random = np.random.default_rng([seed, 0xB11])
    closed = np.zeros(frames, np.float32)
    times = (np.arange(frames) + 0.5) / fps
    start = float(random.uniform(0.25, 0.6)) * seconds
    while start < frames / fps:
        falling = (times - start) / _CLOSING_S
        rising = (start + _CLOSING_S + _CLOSED_S + _OPENING_S - times) / _OPENING_S
        pulse = np.clip(np.minimum(falling, rising), 0, 1)
        closed = np.maximum(closed, pulse * pulse * (3 - 2 * pulse))
        # One blink in six is a double one.
        again = random.uniform() < 1 / 6
        start += (
            0.4 if again else float(np.clip(random.gamma(6.0, seconds / 6.0), 0.5 * seconds, 2.2 * seconds))
        )
    return closed.astype(np.float32)


class Eye:
    """One eye of one face in one picture."""

    def __init__(self, face: Face, side: int) -> None:
        """`side` 0 is the eye on the left of the picture, 1 the other."""
        corners, upper, lower, brow = _EYES[side]
        points = face.points
        left, right = points[corners[0]], points[corners[1]]
        self._frame = FaceFrame.between((left + right) / 2, left, right)
        ends = [corners[0], corners[1]]
        upper_points = self._frame.points(points[[*ends, *upper]])
        lower_points = self._frame.points(points[[*ends, *lower]])
        self._upper, self._lower = Curve(upper_points), Curve(lower_points)
        self._half = np.float32(max(2.0, float(np.linalg.norm(right - left)) / 2 * 1.12))
        lift = np.float32(0.35) * self._half
        self._brow = np.float32(min(float(self._frame.points(points[list(brow)])[:, 1].max()), -float(lift)))
        self._low = np.float32(lower_points[:, 1].max() + 2)

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of all pixels a blink moves."""
        half = self._half
        x, y = self._frame.image(
            np.array([-half, half, -half, half], np.float32),
            np.array([self._brow, self._brow, self._low, self._low], np.float32),
        )
        return (
            int(np.clip(np.floor(x.min()) - 1, 0, width)),
            int(np.clip(np.floor(y.min()) - 1, 0, height)),
            int(np.clip(np.ceil(x.max()) + 2, 0, width)),
            int(np.clip(np.ceil(y.max()) + 2, 0, height)),
        )

    def close(self, x: FloatArray, y: FloatArray, closed: float) -> tuple[FloatArray, FloatArray]:
        """Where the pixels at `x`, `y` [h, w] come from when the lid is `closed` 0..1."""
        px, py = self._frame.local(x, y)
        taper = np.clip(1.0 - (px / self._half) ** 2, 0, 1) ** np.float32(0.4)
        upper = self._upper(px)
        travel = np.maximum(self._lower(px) - upper, 0) * np.float32(closed * 1.04) * taper
        edge = upper + travel
        # Lashes and the dark rim above the eye travel rigidly; the skin between them and the brow unfolds.
        rim = edge - np.float32(_RIM) * self._half
        shift = travel * np.clip((py - self._brow) / np.maximum(rim - self._brow, 1), 0, 1)
        shift = np.where(py <= edge, shift, 0)
        sx, sy = self._frame.image(px, np.asarray(py - shift, np.float32))
        return sx, sy
