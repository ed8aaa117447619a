"""What falls, floats and flies through a scene: snow, rain, petals, fireflies, birds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.theme import Theme

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

_FALLING = {
    # count, size and speed in shares of the height (per second), colour, opacity
    "snow": (170, 0.0045, 0.13, (250.0, 252.0, 255.0), 0.85),
    "rain": (150, 0.0016, 1.5, (214.0, 224.0, 236.0), 0.4),
    "petals": (45, 0.0075, 0.08, (250.0, 176.0, 192.0), 0.9),
    "fireflies": (55, 0.005, -0.015, (255.0, 226.0, 130.0), 0.95),
}


class Particles:
    """All moving small things of one scene. Each has its own speed, so their pattern never repeats."""

    def __init__(self, theme: Theme, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._kinds = [name for name in _FALLING if name in theme.weather]
        random = theme.random
        crowd = min(1.6, max(0.4, width / height / 1.6))
        self._random = {
            name: random.random((int(_FALLING[name][0] * crowd), 5), dtype=np.float32) for name in self._kinds
        }
        self._birds = random.random((5, 4), dtype=np.float32) if "birds" in theme.weather else None

    def paint(self, frame: Image, time: float) -> None:
        """Lay everything over an RGB frame, in place."""
        if self._birds is not None:
            self._fly(frame, self._birds, time)
        for name in self._kinds:
            self._fall(frame, name, time)

    def _fall(self, frame: Image, name: str, time: float) -> None:
        _, size, speed, colour, opacity = _FALLING[name]
        width, height = self._width, self._height
        x0, y0, near, phase, rate = self._random[name].T
        near = 0.4 + 0.9 * near
        margin = 0.08 * height
        sway = (
            np.sin(2 * np.pi * phase + time * (0.5 + 1.4 * rate))
            * height
            * (0.0 if name == "rain" else 0.025)
        )
        wind = 0.05 * height * time * (0.3 + near)
        x = (x0 * width + sway + wind) % (width + margin) - margin / 2
        y = (y0 * height + speed * near * height * time) % (height + margin) - margin / 2
        ink = np.zeros(frame.shape[:2], np.uint8)
        glow = (
            0.5 + 0.5 * np.sin(2 * np.pi * phase + time * (1.0 + 2.0 * rate))
            if name == "fireflies"
            else near / 1.3
        )
        radius = np.maximum(size * near * height, 0.7)
        for index in range(len(x)):
            centre = (round(float(x[index]) * 16), round(float(y[index]) * 16))
            light = (int(255 * float(glow[index])),)
            if name == "rain":
                end = (centre[0] - round(height * 0.06), centre[1] - round(height * 0.6 * float(near[index])))
                cv2.line(ink, centre, end, light, max(1, round(float(radius[index]))), cv2.LINE_AA, 4)
            elif name == "petals":
                turn = float(phase[index]) * 360 + time * 70 * (0.4 + float(rate[index]))
                long = float(radius[index]) * 16
                flat = long * (0.3 + 0.5 * abs(float(np.sin(time * 2 + phase[index] * 9))))
                axes = (max(16, round(long)), max(10, round(flat)))
                cv2.ellipse(ink, centre, axes, turn, 0, 360, light, -1, cv2.LINE_AA, 4)
            else:
                cv2.circle(ink, centre, max(20, round(float(radius[index]) * 16)), light, -1, cv2.LINE_AA, 4)
        ink = np.asarray(cv2.GaussianBlur(ink, (3, 3), 0.7), np.uint8)  # tiny circles come out as crosses
        if name == "fireflies":
            halo = cv2.GaussianBlur(
                cv2.resize(ink, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), (0, 0), 2.2
            )
            soft = cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
            ink = np.maximum(ink, cv2.convertScaleAbs(soft, alpha=2.2))
        weight = cv2.merge([ink, ink, ink]).astype(np.float32) * np.float32(opacity / 255)
        frame[...] = (frame + (np.array(colour, np.float32) - frame) * weight + 0.5).astype(np.uint8)

    def _fly(self, frame: Image, birds: FloatArray, time: float) -> None:
        width, height = self._width, self._height
        for x0, y0, size, phase in birds:
            x = (float(x0) * width + width * 0.035 * (0.7 + 0.6 * float(size)) * time) % (
                width * 1.15
            ) - width * 0.07
            y = height * (0.12 + 0.22 * float(y0)) + height * 0.012 * np.sin(time * 0.8 + phase * 6)
            span = height * (0.014 + 0.016 * float(size))
            beat = float(np.sin(time * (5 + 2 * float(size)) + phase * 6.28))
            points = np.array(
                [
                    [-1, -0.5 * beat - 0.1],
                    [-0.45, -0.35 - 0.1 * beat],
                    [0, 0],
                    [0.45, -0.35 - 0.1 * beat],
                    [1, -0.5 * beat - 0.1],
                ]
            )
            line = np.rint((points * span + [x, y]) * 16).astype(np.int32)
            cv2.polylines(frame, [line], False, (34, 36, 46), max(1, round(height * 0.003)), cv2.LINE_AA, 4)
