"""A scene in space: a nebula, stars in three depths, and a planet with its light and dark side."""

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.noise import texture
from polyreel_inference.engines.preview.theme import Theme

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

_TEXTURE = 512
_NEBULAE = (
    ((24, 60, 120), (150, 50, 130)),
    ((18, 84, 96), (60, 60, 160)),
    ((96, 34, 60), (190, 110, 60)),
    ((40, 30, 110), (30, 130, 150)),
)


class Space:
    """Paints whole frames."""

    def __init__(self, theme: Theme, width: int, height: int) -> None:
        random = theme.random
        self._size = (width, height)
        first, second = _NEBULAE[int(random.integers(len(_NEBULAE)))]
        self._first, self._second = np.array(first, np.float32), np.array(second, np.float32)
        self._sheets = [
            np.pad(texture(random, _TEXTURE, 3, 6), ((0, 1), (0, 1)), mode="wrap") for _ in range(2)
        ]
        self._stars = [random.random((count, 4), dtype=np.float32) for count in (220, 90, 34)]
        self._radius = height * float(random.uniform(0.17, 0.28))
        self._place = (float(random.uniform(0.25, 0.75)) * width, float(random.uniform(0.42, 0.62)) * height)
        self._surface = np.pad(texture(random, _TEXTURE, 4, 6), ((0, 1), (0, 1)), mode="wrap")
        self._planet = np.array(theme.hour.horizon, np.float32) * 0.55 + self._second * 0.6
        self._direction = float(random.choice([-1.0, 1.0]))
        angle = float(random.uniform(-0.9, 0.9))
        self._sun = (float(np.cos(angle)) * 0.75 * self._direction, float(np.sin(angle)) * 0.75, 0.55)

    def render(self, time: float) -> Image:
        """The frame [h, w, 3] at `time` seconds."""
        frame = self._nebula(time)
        self._add_stars(frame, time)
        self._add_planet(frame, time)
        return frame

    def _nebula(self, time: float) -> Image:
        width, height = self._size
        columns, rows = max(16, width // 3), max(16, height // 3)
        x = np.arange(columns, dtype=np.float32)[None, :] * np.float32(0.5 * _TEXTURE / columns)
        y = np.arange(rows, dtype=np.float32)[:, None] * np.float32(0.5 * _TEXTURE / columns)
        drift = self._direction * time
        one = _sample(self._sheets[0], x + 1.7 * drift, y + 0.5 * time)
        two = _sample(self._sheets[1], x * 1.4 + 2.9 * drift, y * 1.4 - 0.4 * time)
        cloud = np.clip((one * 0.65 + two * 0.5 - 0.42) * 2.1, 0, 1)[..., None]
        mix = np.clip(two * 1.6 - 0.4, 0, 1)[..., None]
        colour = self._first + (self._second - self._first) * mix
        base = np.array([5.0, 6.0, 16.0], np.float32) + colour * cloud**1.6
        small = np.clip(base, 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(small, self._size, interpolation=cv2.INTER_CUBIC), np.uint8)

    def _add_stars(self, frame: Image, time: float) -> None:
        width, height = self._size
        sky = np.zeros_like(frame)
        for depth, stars in enumerate(self._stars):
            for x0, y0, light, phase in stars:
                x = (float(x0) * width - self._direction * height * 0.006 * (1 + 2 * depth) * time) % width
                bright = (0.35 + 0.65 * float(light)) * (0.8 + 0.2 * float(np.sin(time * 2.5 + phase * 6.28)))
                level = int(255 * min(1.0, bright * (0.55 + 0.3 * depth)))
                centre = (round(x * 16), round(float(y0) * height * 16))
                radius = max(17, round(height * (0.0009 + 0.0006 * depth) * 16))
                cv2.circle(sky, centre, radius, (level, level, min(255, level + 12)), -1, cv2.LINE_AA, 4)
        # Circles of a pixel come out as crosses; a little blur makes them points of light.
        np.maximum(frame, np.asarray(cv2.GaussianBlur(sky, (3, 3), 0.7), np.uint8), out=frame)

    def _add_planet(self, frame: Image, time: float) -> None:
        width, height = self._size
        radius = self._radius * (1 + 0.008 * time)
        cx = self._place[0] - self._direction * height * 0.01 * time
        cy = self._place[1]
        reach = int(radius * 1.25) + 2
        left, top = max(0, int(cx) - reach), max(0, int(cy) - reach)
        right, bottom = min(width, int(cx) + reach), min(height, int(cy) + reach)
        if right <= left or bottom <= top:
            return
        x = ((np.arange(left, right, dtype=np.float32) - cx) / radius)[None, :].astype(np.float32)
        y = ((np.arange(top, bottom, dtype=np.float32) - cy) / radius)[:, None].astype(np.float32)
        distance = np.hypot(x, y)
        front = np.sqrt(np.clip(1 - distance**2, 0, 1))
        longitude = np.arctan2(x, np.maximum(front, 1e-3)) + 0.06 * time
        bands = _sample(self._surface, longitude * 70, np.broadcast_to(y * 150 + 200, longitude.shape))
        sun_x, sun_y, sun_z = self._sun
        lit = np.clip(x * sun_x + y * sun_y + front * sun_z, 0, 1)
        shade = (0.05 + 1.15 * lit)[..., None]
        colour = self._planet * (0.6 + 0.75 * bands)[..., None] * shade
        air = np.clip(1 - np.abs(distance - 1) / 0.1, 0, 1) ** 2 * np.clip(x * sun_x + y * sun_y + 0.5, 0, 1)
        cover = np.clip((1 - distance) * radius / 1.5 + 0.5, 0, 1)[..., None]
        patch = frame[top:bottom, left:right]
        mixed = (
            patch + (colour - patch) * cover + self._second * (0.55 * air)[..., None] + 70 * air[..., None]
        )
        patch[...] = np.clip(mixed, 0, 255).astype(np.uint8)


def _sample(sheet: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    shape = np.broadcast_shapes(x.shape, y.shape)
    map_x = np.broadcast_to(x % _TEXTURE, shape).astype(np.float32)
    map_y = np.broadcast_to(y % _TEXTURE, shape).astype(np.float32)
    return np.asarray(cv2.remap(sheet, map_x, map_y, cv2.INTER_LINEAR), np.float32)
