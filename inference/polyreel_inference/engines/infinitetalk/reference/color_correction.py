"""Colours of the frames led back to those of the reference, against their drift over a long video.

Mean and deviation of every channel of CIE L*a*b* are carried over (Reinhard et al., "Color Transfer between
Images", 2001). Conversions follow IEC 61966-2-1 (sRGB) and CIE 15 with the white D65 seen at 2 degrees.
"""

import torch
from torch import Tensor

_XYZ_OF_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)

# Deviations below it are the rounding of a channel that is the same all over.
_FLAT = 1e-4


class ColorCorrection:
    """Correction towards one picture. Everything is computed in float32 on the device of the tensors."""

    def __init__(self, reference: Tensor, strength: float = 1.0) -> None:
        """Take the colours of `reference` [3, height, width] in -1..1.

        `strength` 0 changes nothing, 1 corrects fully. Raises `ValueError` for others than 0 to 1.
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"the strength of the colour correction must be from 0 to 1, not {strength}")
        self._strength = strength
        lab = _lab_of_rgb(_unit(reference))
        self._mean, self._deviation = _statistics(lab)

    def apply(self, frames: Tensor) -> Tensor:
        """Return frames [3, count, height, width] in -1..1 corrected one by one, in their own type."""
        if self._strength == 0:
            return frames
        corrected = torch.empty_like(frames)
        for index in range(frames.shape[1]):
            corrected[:, index] = self._corrected(_unit(frames[:, index])) * 2 - 1
        return corrected

    def _corrected(self, frame: Tensor) -> Tensor:
        lab = _lab_of_rgb(frame)
        mean, deviation = _statistics(lab)
        ratio = torch.where(deviation > _FLAT, self._deviation / deviation.clamp(min=_FLAT), 0.0)
        led_back = _rgb_of_lab((lab - mean) * ratio + self._mean)
        return frame.lerp(led_back, self._strength)


def _unit(picture: Tensor) -> Tensor:
    return ((picture.float() + 1) / 2).clamp(0, 1)


def _statistics(lab: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, [3, 1, 1] each."""
    deviation, mean = torch.std_mean(lab, dim=(1, 2), correction=0, keepdim=True)
    return mean, deviation


def _lab_of_rgb(rgb: Tensor) -> Tensor:
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("ij,jhw->ihw", rgb.new_tensor(_XYZ_OF_RGB), linear) / _white(rgb)
    x, y, z = torch.where(xyz > 0.008856, xyz.clamp(min=0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _rgb_of_lab(lab: Tensor) -> Tensor:
    lightness, a, b = lab
    y = (lightness + 16) / 116
    roots = torch.stack([y + a / 500, y, (y - b / 200).clamp(min=0)])
    xyz = torch.where(roots > 0.2068966, roots**3, (roots - 16 / 116) / 7.787) * _white(lab)
    back = torch.linalg.inv(torch.tensor(_XYZ_OF_RGB, dtype=torch.float64))
    linear = torch.einsum("ij,jhw->ihw", back.to(lab), xyz)
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, linear * 12.92).clamp(0, 1)


def _white(like: Tensor) -> Tensor:
    return like.new_tensor(_WHITE)[:, None, None]
