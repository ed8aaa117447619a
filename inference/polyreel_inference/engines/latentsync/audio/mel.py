"""The logarithmic mel spectrogram Whisper listens to.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (arXiv 2212.04356), section 2.2;
scale and normalisation of the bands as in Slaney, "Auditory Toolbox" (1998).
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from polyreel_inference.media.audio import Samples

BANDS = 80
HOP = 160
"""Samples from one column to the next: a column lasts 10 ms."""

_WINDOW = 400
_RATE = 16_000
_SMALLEST_POWER = 1e-10
_RANGE = 8.0
"""Powers of ten below the loudest place of the whole sound that are told apart."""

_BLOCK = 3000

# The scale is linear up to 1000 Hz, then 27 mel make a factor of 6.4.
_LINEAR_WIDTH = 200 / 3
_BREAK_HERTZ = 1000.0
_BREAK_MEL = _BREAK_HERTZ / _LINEAR_WIDTH
_LOG_STEP = math.log(6.4) / 27


def log_mel(samples: Samples, check: Callable[[], None] = lambda: None) -> Tensor:
    """Return the spectrogram of sound [samples] at 16 kHz: float32 [80, samples // 160], about -1 to 1.5.

    Sounds are mirrored at both ends. Calls `check` every 30 seconds of sound, to raise when the job is
    cancelled. Raises `ValueError` below 201 samples, which cannot be.
    """
    reach = _WINDOW // 2
    if len(samples) <= reach:
        raise ValueError(f"a spectrogram needs more than {reach} samples, not {len(samples)}")
    wave = functional.pad(torch.from_numpy(samples)[None], (reach, reach), mode="reflect")[0]
    columns = len(samples) // HOP
    window, filters = torch.hann_window(_WINDOW), torch.from_numpy(mel_filters())
    spectrogram = torch.empty(BANDS, columns)
    # In blocks: the complex spectrum of an hour would take half a gigabyte.
    for start in range(0, columns, _BLOCK):
        check()
        count = min(_BLOCK, columns - start)
        part = wave[start * HOP : (start + count - 1) * HOP + _WINDOW]
        spectrum = torch.stft(part, _WINDOW, HOP, window=window, center=False, return_complex=True)
        powers = filters @ spectrum.abs().square()
        spectrogram[:, start : start + count] = powers.clamp(min=_SMALLEST_POWER).log10()
    floor = float(spectrogram.max()) - _RANGE
    return spectrogram.clamp_(min=floor).add_(4.0).div_(4.0)


def mel_filters() -> np.ndarray:
    """Return the weight of 201 frequencies in every band, triangles of equal area: float32 [80, 201]."""
    frequencies = np.linspace(0, _RATE / 2, _WINDOW // 2 + 1)
    corners = _hertz(np.linspace(0, _mel(_RATE / 2), BANDS + 2))
    widths = np.diff(corners)
    slopes = corners[:, None] - frequencies
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    heights = 2 / (corners[2:] - corners[:-2])
    return np.asarray(triangles * heights[:, None], np.float32)


def _mel(hertz: float) -> float:
    return _BREAK_MEL + math.log(hertz / _BREAK_HERTZ) / _LOG_STEP


def _hertz(mel: np.ndarray) -> np.ndarray:
    above = _BREAK_HERTZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_WIDTH, above)
