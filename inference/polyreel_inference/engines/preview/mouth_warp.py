"""Opens and closes a mouth: a dense displacement of lips, jaw and chin around a rendered mouth interior."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.face_frame import Curve, FaceFrame
from polyreel_inference.faces.landmarks import Face

FloatArray = NDArray[np.float32]

_INNER_UPPER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
_INNER_LOWER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]
_CHIN, _NOSE_BASE, _LEFT_EAR, _RIGHT_EAR = 152, 2, 234, 454

_WIDEST_GAP = 0.125
"""Gap of the inner lips at openness 1 over the face's height; loud open vowels of adults come close."""

_UPPER_SHARE_OPENING = 0.14  # the jaw does the work, the upper lip is lifted a little
_UPPER_SHARE_CLOSING = 0.4  # a smile that shows teeth is closed from both sides
_TEETH = 0.03  # height of the visible upper teeth over the face's height


@dataclass(frozen=True)
class MouthWarp:
    """Where to read the picture, and what covers it, for one patch of the output.

    `x`, `y`, `inside`, `shade` are [h, w]; `colour` is [h, w, 3] in 0..255. `inside` 1 means that the mouth's
    interior covers the pixel completely, 0 not at all. `shade` darkens what shows of real teeth.
    """

    x: FloatArray
    y: FloatArray
    inside: FloatArray
    shade: FloatArray
    colour: FloatArray


class Mouth:
    """The mouth of one face in one picture, ready to be moved any number of times."""

    def __init__(self, face: Face, brightness: float) -> None:
        """`brightness` is the mean luma of the lit skin around the mouth, 0..255."""
        points = face.points
        self._height = np.float32(face.height)
        self._brightness = np.float32(np.clip(brightness / 170.0, 0.25, 1.15))
        across = (points[308] - points[78]) / 2 + (points[263] - points[33]) / 4
        origin = (points[13] + points[14]) / 2
        self._frame = FaceFrame.between(origin, origin - across, origin + across)
        upper = self._frame.points(points[_INNER_UPPER])
        lower = self._frame.points(points[_INNER_LOWER])
        # Landmarks of closed lips may cross by a fraction of a pixel.
        middle = (upper[:, 1] + lower[:, 1]) / 2
        upper[:, 1], lower[:, 1] = np.minimum(upper[:, 1], middle), np.maximum(lower[:, 1], middle)
        lower[0], lower[-1] = upper[0], upper[-1]
        self._upper, self._lower = Curve(upper), Curve(lower)
        self._left, self._right = (
            np.float32(max(-float(upper[0, 0]), 2.0)),
            np.float32(max(float(upper[-1, 0]), 2.0)),
        )
        self._gap = np.float32(np.clip((lower[:, 1] - upper[:, 1]).max(), 0.0, None))
        anchors = self._frame.points(points[[_LEFT_EAR, _CHIN, _RIGHT_EAR]])
        self._jaw_left = np.float32(max(-float(anchors[0, 0]), float(self._left) * 1.6))
        self._jaw_right = np.float32(max(float(anchors[-1, 0]), float(self._right) * 1.6))
        self._chin = np.float32(max(float(self._frame.local(*points[_CHIN])[1]), 0.1 * face.height))
        self._nose = np.float32(min(float(self._frame.local(*points[_NOSE_BASE])[1]), -0.04 * face.height))

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of all pixels of a picture the mouth may ever move."""
        low, high = self._nose - self._height * 0.02, self._chin + self._height * 0.42
        x, y = self._frame.image(
            np.array([-self._jaw_left, self._jaw_right, -self._jaw_left, self._jaw_right], np.float32),
            np.array([low, low, high, high], np.float32),
        )
        return (
            int(np.clip(np.floor(x.min()) - 2, 0, width)),
            int(np.clip(np.floor(y.min()) - 2, 0, height)),
            int(np.clip(np.ceil(x.max()) + 3, 0, width)),
            int(np.clip(np.ceil(y.max()) + 3, 0, height)),
        )

    def move(self, x: FloatArray, y: FloatArray, openness: float, spread: float) -> MouthWarp:
        """Where the pixels at `x`, `y` [h, w] come from when the mouth opens.

        `openness` 0 closes the lips whatever the picture shows, 1 opens them widely; values up to 1.6 are
        possible. `spread` -1 rounds the lips, 1 spreads them.
        """
        px, py = self._frame.local(x, y)
        px = self._spread_corners(px, py, np.float32(spread))
        u = np.asarray(px / np.where(px < 0, self._left, self._right), np.float32)
        room = np.clip(1.0 - u * u, 0.0, 1.0).astype(np.float32)
        # Round lips open as an ellipse, spread ones stay open towards the corners.
        profile = room ** np.float32(0.75 + 0.2 * max(0.0, -spread))
        upper, lower = self._upper(px), self._lower(px)
        source_gap = lower - upper
        gap = np.float32(openness * _WIDEST_GAP) * self._height * profile
        change = gap - source_gap
        share = np.where(change > 0, _UPPER_SHARE_OPENING, _UPPER_SHARE_CLOSING).astype(np.float32)
        up, down = -share * change, (1 - share) * change
        new_upper, new_lower = upper + up, lower + down

        central = np.float32(openness * _WIDEST_GAP) * self._height - self._gap
        jaw = np.asarray(central * np.float32(0.72 if central > 0 else 0.2) * self._bell(px), np.float32)
        above = up * _ease((py - self._nose) / np.maximum(new_upper - self._nose, 1.0))
        below = self._below(py, new_lower, down, jaw)
        # Inside the open mouth the picture stays attached to the upper lip, as teeth are.
        shift = np.where(py < new_upper, above, np.where(py < new_lower, up, below))
        source_y = np.asarray(py - shift, np.float32)
        inside, shade, colour = self._interior(px, py, source_y, u, new_upper, new_lower, source_gap, upper)
        sx, sy = self._frame.image(px, source_y)
        return MouthWarp(sx, sy, inside, shade, colour)

    def _spread_corners(self, px: FloatArray, py: FloatArray, spread: np.float32) -> FloatArray:
        amount = spread * np.float32(0.07 if spread > 0 else 0.16)
        reach = np.where(px < 0, self._left, self._right) * np.float32(1.9)
        near = np.clip(1.0 - (px / reach) ** 2, 0.0, 1.0) ** 2
        level = np.clip(1.0 - (py / (np.float32(0.26) * self._height)) ** 2, 0.0, 1.0) ** 2
        return np.asarray(px * (1.0 - amount * near * level), np.float32)

    def _bell(self, px: FloatArray) -> FloatArray:
        away = px / np.where(px < 0, self._jaw_left, self._jaw_right)
        return np.asarray(_ease(1.0 - away * away), np.float32)

    def _below(self, py: FloatArray, lip: FloatArray, down: FloatArray, jaw: FloatArray) -> FloatArray:
        chin = self._chin + jaw
        along = _ease((py - lip) / np.maximum(chin - lip, 1.0))
        face = down + (jaw - down) * along
        neck = _ease(1.0 - (py - chin) / (np.float32(0.38) * self._height))
        return np.asarray(np.where(py > chin, jaw * neck, face), np.float32)

    def _interior(
        self,
        px: FloatArray,
        py: FloatArray,
        source_y: FloatArray,
        u: FloatArray,
        new_upper: FloatArray,
        new_lower: FloatArray,
        source_gap: FloatArray,
        upper: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        height, one = self._height, np.float32(1)
        feather = np.float32(max(1.0, 0.006 * float(height)))
        depth, floor = py - new_upper, new_lower - py
        gap = new_lower - new_upper
        cover = np.clip(np.minimum(depth, floor) / feather + 0.5, 0, 1) * _ease(gap / (2 * feather))
        cover = np.where(np.abs(u) < 1, cover, 0)

        # Teeth that the picture itself shows stay visible down to where its lower lip began.
        shown = np.float32(_smooth(float(self._gap / height), 0.015, 0.03))
        own = shown * _ease((np.float32(0.86) * source_gap - (source_y - upper)) / (2 * feather))
        own = own * _ease(
            floor / (np.float32(1.6) * feather)
        )  # the lower lip shades the teeth right above it
        # A picture with closed lips gets a hint of upper teeth, fixed to the skull and not to the lip.
        length = np.float32(_TEETH) * height * np.clip(one - u * u, 0, 1) ** np.float32(0.4)
        teeth = (
            _ease((length - depth) / (1.6 * feather))
            * (one - shown)
            * _ease((np.float32(0.82) - np.abs(u)) * 5)
        )
        gaps = (
            one
            - np.float32(0.16) * np.abs(np.cos(px * np.float32(np.pi) / (np.float32(0.034) * height))) ** 12
        )
        lip_shadow = np.float32(0.55) + np.float32(0.45) * _ease(depth / (np.float32(0.02) * height))
        corner = one - np.float32(0.55) * np.clip(np.abs(u), 0, 1) ** 2
        tongue = _ease((depth / np.maximum(gap, 1) - np.float32(0.55)) * 2.2) * _ease(
            gap / (0.07 * height) - 0.35
        )

        dark = np.array([44.0, 17.0, 18.0], np.float32)
        flesh = np.array([150.0, 72.0, 70.0], np.float32)
        enamel = np.array([226.0, 214.0, 202.0], np.float32)
        weight = (np.float32(0.75) * tongue * corner)[..., None]
        colour = dark + (flesh - dark) * weight
        bright = (teeth * corner)[..., None]
        colour = colour + (enamel * (gaps * lip_shadow)[..., None] - colour) * bright
        shade = one - (one - lip_shadow * corner) * cover * np.float32(0.45)
        inside = cover * (one - own)
        return (
            np.asarray(inside, np.float32),
            np.asarray(shade, np.float32),
            np.asarray(colour * self._brightness, np.float32),
        )


def _ease(share: NDArray[Any]) -> FloatArray:
    t = np.asarray(np.clip(share, 0, 1), np.float32)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _smooth(value: float, low: float, high: float) -> float:
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)
