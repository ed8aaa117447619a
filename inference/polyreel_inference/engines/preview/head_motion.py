"""Slight head movement: a path of the head over time, and the displacement it makes in the picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.faces.landmarks import Face

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class HeadPath:
    """Movement, each [frames]: `x`, `y` in face heights, `roll` in radians, others about -1..1."""

    x: FloatArray
    y: FloatArray
    roll: FloatArray
    yaw: FloatArray
    pitch: FloatArray


def head_path(level: FloatArray, fps: float, seed: int, liveliness: float) -> HeadPath:
    """A calm path for a speaker whose loudness is `level` [frames], 0..1.

    `liveliness` 1 is natural, 0 keeps the head still. Slow sways of unrelated periods never repeat; stressed
    syllables add small nods. The same seed moves the same.
    """
    random = np.random.default_rng([seed, 0x4EAD])
    time = np.arange(len(level)) / fps
    nod = _smooth(level, fps, 0.22) - _smooth(level, fps, 1.2)

    def sway(slowest: float, fastest: float) -> FloatArray:
        rates = random.uniform(slowest, fastest, 3)
        phases = random.uniform(0, 2 * np.pi, 3)
        waves = [np.sin(2 * np.pi * rate * time + phase) for rate, phase in zip(rates, phases, strict=True)]
        return np.asarray((waves[0] + 0.6 * waves[1] + 0.4 * waves[2]) / 2.0, np.float32)

    scale = np.float32(liveliness)
    return HeadPath(
        x=0.016 * scale * sway(0.06, 0.2),
        y=scale * (0.008 * sway(0.08, 0.28) + 0.02 * nod),
        roll=0.02 * scale * sway(0.05, 0.19),
        yaw=scale * sway(0.07, 0.24),
        pitch=scale * (0.5 * sway(0.08, 0.25) + 1.2 * nod),
    )


def _smooth(values: FloatArray, fps: float, seconds: float) -> FloatArray:
    half = max(1, round(2 * seconds * fps))
    taps = np.exp(-0.5 * (np.arange(-half, half + 1) / (seconds * fps)) ** 2)
    padded = np.pad(values, half)
    return np.convolve(padded, taps / taps.sum(), mode="valid").astype(np.float32)


class Head:
    """The head of one face in one picture. Displacement fields are computed once and scaled per frame."""

    def __init__(self, face: Face, width: int, height: int) -> None:
        """`width` and `height` are the picture's."""
        self._height = np.float32(face.height)
        top, chin = face.points[10], face.points[152]
        # The hair reaches above the mesh: the moving ellipse sits higher than the face.
        middle = chin + (top - chin) * np.float32(0.62)
        radius_x, radius_y = max(face.width, 0.7 * face.height) * 0.78, face.height * 0.8
        reach = 2.1
        self.box = (
            int(np.clip(middle[0] - radius_x * reach, 0, width)),
            int(np.clip(middle[1] - radius_y * reach, 0, height)),
            int(np.clip(middle[0] + radius_x * reach + 1, 0, width)),
            int(np.clip(middle[1] + radius_y * reach + 1, 0, height)),
        )
        left, upper, right, lower = self.box
        x = np.arange(left, right, dtype=np.float32)[None, :]
        y = np.arange(upper, lower, dtype=np.float32)[:, None]
        distance = np.sqrt(((x - middle[0]) / radius_x) ** 2 + ((y - middle[1]) / radius_y) ** 2)
        fade = np.clip((reach - distance) / (reach - 1.0), 0, 1)
        self._weight = (fade * fade * (3 - 2 * fade)).astype(np.float32)
        # A turning head moves its near parts (nose, mouth) against its far ones (ears).
        self._relief = (np.clip(1.0 - distance**2, 0, 1) ** 2).astype(np.float32)
        self._lever_x = self._weight * (y - chin[1])
        self._lever_y = self._weight * (x - chin[0])

    def shift(self, path: HeadPath, frame: int) -> tuple[FloatArray, FloatArray]:
        """What to add to the coordinates inside `box` [h, w] to find where each pixel comes from."""
        size, roll = self._height, float(path.roll[frame])
        relief_x, relief_y = 0.022 * size * path.yaw[frame], 0.016 * size * path.pitch[frame]
        x = self._weight * np.float32(-path.x[frame] * size)
        x += self._lever_x * np.float32(roll)
        x -= self._relief * np.float32(relief_x)
        y = self._weight * np.float32(-path.y[frame] * size)
        y -= self._lever_y * np.float32(roll)
        y -= self._relief * np.float32(relief_y)
        return x, y
