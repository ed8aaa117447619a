"""Water under a horizon: the sky upside down, broken by waves, with the glitter of the light."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.noise import texture
from polyreel_inference.engines.preview.theme import Theme

Image = NDArray[np.uint8]

_TEXTURE = 256


class Water:
    """Paints everything below the horizon, at half the resolution: water has no sharp edges."""

    def __init__(self, theme: Theme, width: int, height: int, horizon: float) -> None:
        self._top = min(height - 2, int(horizon) + 1)
        self._width, self._rows = width, height - self._top
        self._waves = np.pad(texture(theme.random, _TEXTURE, 6, 4), ((0, 1), (0, 1)), mode="wrap")
        self._grid = (-(-self._rows // 2), -(-width // 2))
        self._y = np.linspace(0, self._rows - 1, self._grid[0], dtype=np.float32)[:, None]
        self._depth = (self._y + 1) / self._rows
        # Seen at a flat angle, waves are small and dense far away.
        self._distance = 1.0 / (0.06 + self._depth)
        self._x = np.linspace(0, width - 1, self._grid[1], dtype=np.float32)[None, :] - width / 2
        self._deep = np.array(theme.hour.zenith, np.float32) * 0.45
        self._light = np.array(theme.hour.light, np.float32)

    def paint(self, frame: Image, time: float, sun_x: float) -> None:
        """Lay the water over an RGB frame, in place; the light stands over column `sun_x`."""
        scale = 0.22 * _TEXTURE / self._width
        across = self._x * self._distance * np.float32(scale * 3.0)
        along = self._distance * np.float32(210.0 * self._rows / 150)
        slow = self._sheet(across + np.float32(time * 5.0), along + np.float32(time * 9.0))
        fast = self._sheet(
            across * np.float32(1.7) - np.float32(time * 8.0),
            along * np.float32(1.9) + np.float32(time * 17.0),
        )
        wave = slow + fast - 1.0
        mirror_x = self._x + self._width / 2 + wave * (4 + 26 * self._depth) * np.float32(self._width / 800)
        mirror_y = (
            self._top
            - 1
            - self._y * np.float32(0.9)
            + wave * (3 + 30 * self._depth) * np.float32(self._rows / 240)
        )
        mirrored = cv2.remap(
            frame[: self._top], mirror_x, mirror_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        ).astype(np.float32)
        sight = np.clip(0.24 + 0.5 * self._depth - 0.25 * wave, 0, 1)[..., None]
        water = mirrored * 0.94 + (self._deep - mirrored * 0.94) * sight
        spread = self._width * (0.03 + 0.13 * self._depth)
        path = np.exp(-(((self._x + self._width / 2 - sun_x) / spread) ** 2))
        glitter = np.clip((wave - 0.12) * 5, 0, 1) * path * 0.85
        water += (self._light - water) * glitter[..., None]
        half = np.clip(water, 0, 255).astype(np.uint8)
        frame[self._top :] = cv2.resize(half, (self._width, self._rows), interpolation=cv2.INTER_LINEAR)

    def _sheet(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float32]:
        map_x = np.broadcast_to(x % _TEXTURE, self._grid).astype(np.float32)
        map_y = np.broadcast_to(y % _TEXTURE, self._grid).astype(np.float32)
        return np.asarray(cv2.remap(self._waves, map_x, map_y, cv2.INTER_LINEAR), np.float32)
