"""The sky of a scene: gradient, sun or moon with its glow, drifting clouds, twinkling stars."""

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.noise import texture
from polyreel_inference.engines.preview.theme import Theme

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

_TEXTURE = 256


class Sky:
    """Paints the sky down to the row `horizon` and on below it; soft parts at a quarter of the resolution."""

    def __init__(self, theme: Theme, width: int, height: int, horizon: float) -> None:
        """`horizon` is a row in pixels."""
        random, hour = theme.random, theme.hour
        self._size = (width, height)
        self._small = (max(16, width // 4), max(16, height // 4))
        columns, rows = self._small
        self._scale = columns / width
        self._x = np.arange(columns, dtype=np.float32)[None, :]
        self._y = np.arange(rows, dtype=np.float32)[:, None]
        down = np.clip(np.arange(rows, dtype=np.float32) / max(1.0, horizon * rows / height), 0, 1)
        stops = np.array([hour.zenith, hour.middle, hour.horizon], np.float32)
        gradient = [np.interp(down, [0, 0.55, 1], stops[:, channel]) for channel in range(3)]
        self._gradient = np.stack(gradient, axis=1).astype(np.float32)[:, None, :]
        self._light = np.array(hour.light, np.float32)
        self._horizon = horizon
        self._sun_x = float(random.uniform(0.22, 0.78)) * width
        self._sun_height = hour.height
        self._sun_size = height * (0.045 if hour.stars > 0.3 else 0.06)
        self._drift = float(random.choice([-1.0, 1.0]))
        self._clouds = self._cloud_textures(random) if "clouds" in theme.weather else None
        self._cover = float(random.uniform(0.42, 0.6))
        count = int(hour.stars * 260)
        self._star_x = (random.random(count) * width).astype(int)
        self._star_y = (random.random(count) ** 1.3 * horizon * 0.95).astype(int)
        self._star_light = random.uniform(60, 230, count)
        self._star_phase = random.uniform(0, 2 * np.pi, count)
        self._star_rate = random.uniform(1.0, 4.0, count)

    def render(self, time: float) -> Image:
        """The sky [h, w, 3] at `time` seconds."""
        canvas = np.broadcast_to(self._gradient, (*self._small[::-1], 3)).copy()
        sun_x, sun_y = self.sun(time)
        distance = np.hypot(self._x - sun_x * self._scale, self._y - sun_y * self._scale)
        size = self._sun_size * self._scale
        glow = 0.55 * np.exp(-distance / (size * 5)) + 0.35 * np.exp(-((distance / (size * 1.9)) ** 2))
        canvas += (self._light - canvas) * glow[..., None].astype(np.float32)
        if self._clouds is not None:
            self._add_clouds(canvas, self._clouds, time)
        small = np.clip(canvas, 0, 255).astype(np.uint8)
        sky = np.asarray(cv2.resize(small, self._size, interpolation=cv2.INTER_CUBIC), np.uint8)
        self._add_stars(sky, time)
        self._add_disc(sky, sun_x, sun_y)
        return sky

    def sun(self, time: float) -> tuple[float, float]:
        """Pixel position of the sun or moon, which travels slowly and never comes back the same way."""
        x = self._sun_x + self._drift * self._size[0] * 0.004 * time
        y = self._horizon * (1.0 - self._sun_height) - self._horizon * 0.004 * time * (self._sun_height - 0.3)
        return x, y

    def _cloud_textures(self, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return texture(random, _TEXTURE, 3, 5), texture(random, _TEXTURE, 5, 5)

    def _add_clouds(self, canvas: FloatArray, textures: tuple[FloatArray, FloatArray], time: float) -> None:
        columns, rows = self._small
        # Two sheets at different speeds: their sum changes shape and does not repeat within any clip.
        sheets = [
            _drifting(sheet, columns, rows, self._drift * time * speed, stretch)
            for sheet, speed, stretch in zip(textures, (2.6, 4.1), (1.0, 1.5), strict=True)
        ]
        density = 0.6 * sheets[0] + 0.4 * sheets[1]
        down = self._y * (self._size[1] / rows) / max(1.0, self._horizon)
        cover = np.clip((density - self._cover) * 3.2, 0, 1) * np.clip(1.15 - down, 0, 1)
        body = canvas * 0.25 + (self._light * 0.6 + 255 * 0.25) * np.clip(
            canvas.mean(axis=2, keepdims=True) / 150, 0.2, 1
        )
        lit = body * (1.06 - 0.3 * np.clip(density - self._cover, 0, 0.4) / 0.4)[..., None]
        canvas += (lit - canvas) * (0.75 * cover)[..., None].astype(np.float32)

    def _add_stars(self, sky: Image, time: float) -> None:
        if not len(self._star_x):
            return
        twinkle = 0.65 + 0.35 * np.sin(self._star_phase + self._star_rate * time)
        behind = sky[self._star_y, self._star_x].astype(np.float32)
        light = (self._star_light * twinkle)[:, None] * np.clip(
            1.2 - behind.mean(axis=1, keepdims=True) / 160, 0, 1
        )
        sky[self._star_y, self._star_x] = np.clip(behind + light, 0, 255).astype(np.uint8)

    def _add_disc(self, sky: Image, x: float, y: float) -> None:
        width, height = self._size
        radius = self._sun_size * 0.62
        left, top = max(0, int(x - radius - 2)), max(0, int(y - radius - 2))
        right, bottom = min(width, int(x + radius + 3)), min(height, int(y + radius + 3))
        if right <= left or bottom <= top:
            return
        columns = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x)
        rows = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y)
        edge = np.clip((radius - np.hypot(columns, rows)) / 1.5 + 0.5, 0, 1)[..., None]
        patch = sky[top:bottom, left:right]
        bright = np.minimum(self._light * 1.06, 255)
        patch[...] = (patch + (bright - patch) * edge * 0.95).astype(np.uint8)


def _drifting(sheet: FloatArray, columns: int, rows: int, shift: float, stretch: float) -> FloatArray:
    """A part of an endless texture, wider than high as clouds seen from the side."""
    scale_x, scale_y = 0.55 * stretch * _TEXTURE / columns, 1.1 * stretch * _TEXTURE / rows * rows / columns
    x = (np.arange(columns, dtype=np.float32) * np.float32(scale_x) + np.float32(shift)) % _TEXTURE
    y = (np.arange(rows, dtype=np.float32) * np.float32(scale_y) * 1.6) % _TEXTURE
    padded = np.pad(sheet, ((0, 1), (0, 1)), mode="wrap")
    map_x, map_y = np.meshgrid(x, y)
    return np.asarray(
        cv2.remap(padded, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR), np.float32
    )
