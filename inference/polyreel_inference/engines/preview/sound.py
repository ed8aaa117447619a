"""What a mouth does for a sound: openness, width and loudness for every video frame."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

ANALYSIS_RATE = 16_000
"""Samples per second the analysis expects; 8 kHz of bandwidth hold every cue used here."""

_HOP = 160  # 10 ms: finer than a frame at 60 fps
_WINDOW = 512  # 32 ms: two periods of a low male voice
_BLOCK = 2_000  # hops analysed at once, bounds the memory of a long track
_SILENCE_DB = -60.0  # a track that never gets louder than this holds no speech
_ATTACK_S = 0.035
_RELEASE_S = 0.075
_LEAD_S = 0.03  # lips move before the sound is heard
_REST = 0.04  # openness below this is closed: the tail of a release must not keep lips apart


@dataclass(frozen=True)
class Speech:
    """Mouth movement for `frames` video frames, each array of shape [frames].

    `openness` 0 (lips closed) to 1 (wide open), `width` -1 (rounded, as in "oo") to 1 (spread, as in "ee"),
    `level` 0 (silent) to 1 (as loud as this track gets).
    """

    openness: FloatArray
    width: FloatArray
    level: FloatArray

    def padded(self, before: int, total: int) -> "Speech":
        """Shift by `before` silent frames and cut or extend with silence to `total` frames."""

        def place(values: FloatArray) -> FloatArray:
            out = np.zeros(total, np.float32)
            kept = values[: max(0, total - before)]
            out[before : before + len(kept)] = kept
            return out

        return Speech(place(self.openness), place(self.width), place(self.level))


def analyse(samples: FloatArray, fps: float, frames: int) -> Speech:
    """Derive the mouth movement of `frames` frames at `fps` from mono samples [n] at `ANALYSIS_RATE`.

    Loudness above a noise gate relative to the track opens the mouth; the spectrum shapes it: energy around
    the first formant of open vowels opens it further, hiss (s, sh, f) nearly closes it, a strong second
    formant spreads the lips and a weak one rounds them.
    """
    bands = _band_energies(samples)
    loudness = 10.0 * np.log10(bands.total + 1e-12)
    level = _gated_level(loudness)
    voiced = level > 0.05
    hiss = np.clip(bands.hiss / (bands.total + 1e-12) * 1.6 - 0.3, 0.0, 1.0)
    vowel = _relative(np.log10((bands.open_vowel + 1e-12) / (bands.close_vowel + 1e-12)), voiced)
    spread = _relative(np.log10((bands.front + 1e-12) / (bands.back + 1e-12)), voiced)

    target = level**0.8 * (1.0 - 0.6 * hiss) * (0.78 + 0.22 * vowel)
    openness = _follow(target, _ATTACK_S, _RELEASE_S)
    openness = np.clip((openness - _REST) / (1.0 - _REST), 0.0, 1.0)
    width = _follow(np.where(voiced, spread, 0.0), 0.06, 0.09)
    return Speech(
        openness=_per_frame(openness, fps, frames),
        width=_per_frame(width, fps, frames),
        level=_per_frame(_follow(level, 0.02, 0.1), fps, frames),
    )


@dataclass(frozen=True)
class _Bands:
    """Energy per hop in the bands that tell sounds apart, each [hops]; `total` is a mean square."""

    total: FloatArray
    close_vowel: FloatArray
    open_vowel: FloatArray
    back: FloatArray
    front: FloatArray
    hiss: FloatArray


def _band_energies(samples: FloatArray) -> _Bands:
    hops = max(1, -(-len(samples) // _HOP))
    padded = np.zeros(hops * _HOP + _WINDOW, np.float32)
    padded[_WINDOW // 2 : _WINDOW // 2 + len(samples)] = samples
    window = np.hanning(_WINDOW).astype(np.float32)
    # Parseval: with this factor a full-scale sine comes out as its mean square, 0.5.
    scale = 2.0 / (_WINDOW * float(np.sum(window**2)))
    edges = [0, 60, 150, 450, 600, 1100, 1700, 3400, 3800, 8000]
    limits = [round(edge * _WINDOW / ANALYSIS_RATE) for edge in edges]
    energies = np.empty((hops, len(edges) - 1), np.float32)
    starts = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    for first in range(0, hops, _BLOCK):
        block = starts[first : min(first + _BLOCK, hops)] * window
        power = np.abs(np.fft.rfft(block, axis=1)) ** 2 * scale
        for band, (low, high) in enumerate(pairwise(limits)):
            energies[first : first + len(block), band] = power[:, low:high].sum(axis=1)
    voice = energies[:, 1:]  # below 60 Hz is hum and wind
    return _Bands(
        total=voice.sum(axis=1),
        close_vowel=energies[:, 2],
        open_vowel=energies[:, 4],
        back=energies[:, 2:5].sum(axis=1),
        front=energies[:, 6],
        hiss=energies[:, 8],
    )


def _gated_level(loudness: FloatArray) -> FloatArray:
    """Map loudness in dB to 0..1 above a gate between the track's own floor and its own peak."""
    peak = float(np.percentile(loudness, 96))
    if len(loudness) < 100:
        peak = float(loudness.max())
    if peak < _SILENCE_DB:
        return np.zeros_like(loudness)
    floor = float(np.percentile(loudness, 5))
    # A steady sound has its floor at its peak: the gate never rises above 12 dB under the peak.
    gate = float(np.clip(floor + 0.35 * (peak - floor), peak - 30.0, peak - 12.0))
    return np.asarray(np.clip((loudness - gate) / (peak - gate), 0.0, 1.0), np.float32)


def _relative(values: FloatArray, voiced: NDArray[np.bool_]) -> FloatArray:
    """Place values between -1 and 1 relative to the voiced part of the track, so that any voice moves."""
    if not voiced.any():
        return np.zeros_like(values)
    middle = float(np.median(values[voiced]))
    deviation = float(np.median(np.abs(values[voiced] - middle)))
    return np.asarray(np.tanh((values - middle) / (2.0 * max(deviation, 0.15))), np.float32)


def _follow(target: FloatArray, attack_s: float, release_s: float) -> FloatArray:
    """Follow a curve sampled every hop with separate time constants for rising and falling magnitude."""
    hop_s = _HOP / ANALYSIS_RATE
    rise = 1.0 - float(np.exp(-hop_s / attack_s))
    fall = 1.0 - float(np.exp(-hop_s / release_s))
    out = np.empty(len(target), np.float32)
    value = 0.0
    for index, goal in enumerate(target.tolist()):
        value += (goal - value) * (rise if abs(goal) > abs(value) else fall)
        out[index] = value
    return out


def _per_frame(curve: FloatArray, fps: float, frames: int) -> FloatArray:
    """Average the hops that fall on each frame, a little ahead of time."""
    hop_s = _HOP / ANALYSIS_RATE
    total = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    edges = (np.arange(frames + 1) / fps + _LEAD_S) / hop_s
    sums = np.interp(edges, np.arange(len(total)), total)
    return np.asarray(np.diff(sums) * hop_s * fps, np.float32)
