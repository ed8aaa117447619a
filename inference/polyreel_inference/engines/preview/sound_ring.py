"""What is shown when no face is found: a gently moving camera and a ring that beats with the sound."""

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.camera import Camera, View
from polyreel_inference.engines.preview.sound import Speech

Image = NDArray[np.uint8]

_RAYS = 72


class SoundRing:
    """Draws the frames of one job without a face."""

    def __init__(self, width: int, height: int, speech: Speech, fps: float, seed: int) -> None:
        """`width` and `height` of the frames; `speech` says how the ring beats in each frame."""
        self._camera = Camera(width, height)
        self._speech, self._fps = speech, fps
        random = np.random.default_rng([seed, 0x51A6])
        self._phases = random.uniform(0, 2 * np.pi, 6)
        self._size = (width, height)

    def render(self, image: Image, frame: int) -> Image:
        """Frame number `frame` over the picture [h, w, 3]."""
        time = frame / self._fps
        sway = np.sin(2 * np.pi * np.array([0.05, 0.07, 0.043]) * time + self._phases[:3])
        view = View(zoom=1.06 + 0.02 * float(sway[0]), x=0.012 * float(sway[1]), y=0.01 * float(sway[2]))
        out = self._camera.look(image, view)
        self._draw(out, frame, time)
        return out

    def _draw(self, out: Image, frame: int, time: float) -> None:
        width, height = self._size
        unit = min(width, height)
        radius = unit * 0.11
        middle = np.array([width / 2, height - radius * 1.9])
        reach = int(radius * 1.8) + 2
        left, top = max(0, int(middle[0]) - reach), max(0, int(middle[1]) - reach)
        patch = out[top : min(height, top + 2 * reach), left : min(width, left + 2 * reach)]
        ink = np.zeros(patch.shape[:2], np.uint8)
        angles = np.linspace(0, 2 * np.pi, _RAYS, endpoint=False)
        speech = self._speech
        wave = 0.5 + 0.5 * np.sin(angles * 5 + time * 3.1 + self._phases[3])
        wave = 0.4 + 0.6 * wave * (0.6 + 0.4 * np.sin(angles * 3 - time * 4.3 + self._phases[4]))
        lengths = radius * (0.04 + 0.55 * float(speech.level[frame]) * wave)
        thickness = max(1, round(unit * 0.006))
        rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        origin = middle - [left, top]
        starts, ends = origin + rays * radius, origin + rays * (radius + lengths)[:, None]
        # Sub-pixel coordinates: four fractional bits, or the ring would tremble.
        for start, end in zip(np.rint(starts * 16).astype(int), np.rint(ends * 16).astype(int), strict=True):
            cv2.line(ink, tuple(map(int, start)), tuple(map(int, end)), (255,), thickness, cv2.LINE_AA, 4)
        inner = round(radius * (0.5 + 0.32 * float(speech.openness[frame])) * 16)
        centre = (round(float(origin[0]) * 16), round(float(origin[1]) * 16))
        cv2.circle(ink, centre, inner, (150,), -1, cv2.LINE_AA, 4)
        weight = ink.astype(np.float32)[..., None] / 255.0 * 0.9
        light = np.array([255.0, 250.0, 240.0], np.float32)
        patch[...] = (patch * (1 - weight) + light * weight + 0.5).astype(np.uint8)
