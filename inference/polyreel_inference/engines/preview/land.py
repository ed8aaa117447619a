"""The land of a scene: layers of hills, peaks, dunes, trees or houses that pass at different speeds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.noise import profile, window
from polyreel_inference.engines.preview.theme import Theme

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Layer:
    """One silhouette. `line` holds heights in pixels over `base`; `speed` is in pixels per second."""

    line: FloatArray
    base: float
    speed: float
    colours: FloatArray  # [height, 3], one per row
    lights: NDArray[np.bool_] | None = None  # lit windows, [rows under the skyline, length]


class Land:
    """Paints all layers of a scene, far ones first."""

    def __init__(self, theme: Theme, width: int, height: int, horizon: float) -> None:
        """`horizon` is the row where the farthest layer stands."""
        self._width, self._height = width, height
        # The nearest layer travels 9.7 heights in the longest clip: it never shows the same part twice.
        self._length = 12 * height + 2 * width
        self._direction = float(theme.random.choice([-1.0, 1.0]))
        count = {"mountains": 4, "hills": 4, "desert": 4, "forest": 5, "city": 3, "sea": 1}.get(
            theme.place, 3
        )
        self._layers = [self._layer(theme, index, count, horizon) for index in range(count)]

    def paint(self, frame: Image, time: float) -> None:
        """Lay the land over an RGB frame, in place."""
        rows = np.arange(self._height, dtype=np.float32)[:, None]
        columns = np.arange(self._width)
        for layer in self._layers:
            start = self._length / 2 + self._direction * layer.speed * time
            edge = layer.base - window(layer.line, start, self._width)
            first = int(np.clip(np.floor(edge.min()), 0, self._height - 1))
            covered = rows[first:] >= np.ceil(edge)[None, :]
            part = frame[first:]
            np.copyto(part, layer.colours[first:, None, :].astype(np.uint8), where=covered[..., None])
            # The row the line passes through is covered in part: smooth edges for the price of one row.
            row = np.floor(edge).astype(int)
            seen = (row >= 0) & (row < self._height)
            row, at = row[seen], columns[seen]
            share = (1.0 - (edge[seen] - row))[:, None]
            behind = frame[row, at].astype(np.float32)
            frame[row, at] = (behind + (layer.colours[row] - behind) * share + 0.5).astype(np.uint8)
            if layer.lights is not None:
                self._light_windows(frame, layer, layer.lights, start)

    def _layer(self, theme: Theme, index: int, count: int, horizon: float) -> Layer:
        random, height = theme.random, self._height
        near = (index + 1) / count
        base = horizon + (height - horizon) * (index / count) * 0.95 if theme.place != "sea" else horizon + 1
        speed = height * (0.006 + 0.075 * near**2)
        lights = None
        match theme.place:
            case "mountains":
                massif = profile(random, self._length, height * 1.3, 3, 0.5)
                # Noise folded at its middle has edges where it crosses: summits instead of hills.
                folded = 1 - np.abs(2 * profile(random, self._length, height * 0.7, 6, 0.46) - 1)
                line = (0.45 * massif + 0.55 * folded * massif**0.5) ** 1.3 * height * (0.62 - 0.36 * near)
            case "desert":
                rough = profile(random, self._length, height * 1.6, 3, 0.3)
                line = np.abs(rough * 2 - 1) ** 1.3 * height * (0.1 + 0.12 * near)
            case "forest":
                ground = profile(random, self._length, height * 1.5, 3, 0.4) * height * 0.06
                line = ground + _conifers(random, self._length, height * (0.06 + 0.26 * near**1.5))
            case "city":
                line, lights = _houses(
                    random, self._length, height * (0.36 - 0.12 * near), height * (0.035 + 0.05 * near)
                )
            case "sea":
                line = (
                    np.clip(profile(random, self._length, height * 2.0, 5, 0.5) * 1.5 - 0.55, 0, 1)
                    * height
                    * 0.16
                )
                speed = height * 0.006
            case _:
                line = (
                    profile(random, self._length, height * (1.4 + 0.4 * near), 3, 0.35)
                    * height
                    * (0.2 - 0.06 * near)
                )
                if index == count - 1:
                    line = line + random.random(self._length).astype(np.float32) ** 2 * height * 0.025
        return Layer(line.astype(np.float32), base, speed, self._colours(theme, near, base), lights)

    def _colours(self, theme: Theme, near: float, base: float) -> FloatArray:
        """Far layers take the colour of the horizon; mist gathers at the foot of each."""
        hour = theme.hour
        land, horizon = np.array(hour.land, np.float32), np.array(hour.horizon, np.float32)
        if theme.place == "desert":
            land = land * 0.35 + np.array([186.0, 122.0, 74.0], np.float32) * (
                0.65 * (0.35 + horizon.mean() / 400)
            )
        if "snow" in theme.weather and theme.place != "city":
            white = 0.25 * horizon + 0.25 * np.array(hour.zenith, np.float32) + 55
            land = np.asarray(land * 0.45 + white * 0.6, np.float32)
        haze = (1 - near) ** 1.2 * 0.8
        top = land + (horizon - land) * haze
        foot = top + (horizon - top) * (0.34 * (1.15 - near))
        fall = (np.arange(self._height, dtype=np.float32) - (base - self._height * 0.18)) / (
            self._height * 0.32
        )
        share = np.clip(fall, 0, 1)[:, None]
        if theme.place == "mountains":
            # Snow lies high up and takes the colour of the light.
            altitude = (base - np.arange(self._height, dtype=np.float32)) / (
                self._height * (0.62 - 0.36 * near)
            )
            snow = np.clip((altitude - 0.42) / 0.3, 0, 1)[:, None] * 0.6
            light = (np.array(hour.light, np.float32) + horizon) / 2
            top = np.asarray(top + (light - top) * snow, np.float32)
        return np.asarray(np.clip(top + (foot - top) * share, 0, 255), np.float32)

    def _light_windows(self, frame: Image, layer: Layer, lights: NDArray[np.bool_], start: float) -> None:
        index = np.arange(int(start), int(start) + self._width) % self._length
        low = min(self._height, int(layer.base))
        first = max(0, low - lights.shape[0])
        lit = lights[lights.shape[0] - (low - first) :, index]
        part = frame[first:low]
        part[lit] = (part[lit] * 0.35 + np.array([255, 214, 140]) * 0.6).astype(np.uint8)


def _conifers(random: np.random.Generator, length: int, tallest: float) -> FloatArray:
    """Pointed trees side by side, with the steps of their branches."""
    line = np.zeros(length, np.float32)
    at = 0.0
    while at < length:
        tall = tallest * float(random.uniform(0.55, 1.0))
        half = max(1.5, tall * float(random.uniform(0.16, 0.24)))
        x = np.arange(int(at - half), int(at + half) + 1)
        away = np.abs(x - at) / half
        steps = 0.06 * np.abs(np.sin(away * np.pi * 4.5))
        tree = np.clip(1 - away - steps * (away > 0.1), 0, 1) * tall
        line[x % length] = np.maximum(line[x % length], tree)
        at += half * float(random.uniform(0.5, 1.5))
    return line


def _houses(
    random: np.random.Generator, length: int, tallest: float, widest: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """A skyline and its lit windows [rows, length]; the last row of windows is the foot of the houses."""
    line = np.zeros(length, np.float32)
    rows = max(1, int(tallest) + 2)
    lights = np.zeros((rows, length), np.bool_)
    cell = max(3, int(widest / 7))
    at = 0
    while at < length:
        wide = max(cell * 2, int(widest * random.uniform(0.6, 1.5)))
        tall = tallest * float(random.uniform(0.3, 1.0) ** 1.4)
        line[at : at + wide] = tall
        if random.uniform() < 0.25:  # a mast on the roof
            mast = min(length - 1, at + wide // 2)
            line[mast : mast + max(1, cell // 3)] = tall * 1.18
        share = random.uniform(0.1, 0.45)
        for x in range(at + cell // 2, min(at + wide, length) - cell, cell):
            for y in range(cell // 2, int(tall) - cell, cell + cell // 2):
                if random.uniform() < share:
                    foot = rows - y
                    lights[max(0, foot - max(1, cell * 2 // 3)) : foot, x : x + max(1, cell // 2)] = True
        at += wide + int(random.uniform(0, widest * 0.15))
    return line, lights
