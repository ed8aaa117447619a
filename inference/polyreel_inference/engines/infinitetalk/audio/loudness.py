"""Speakers made equally loud, so that none drowns the other in the mix."""

import numpy as np
from pyloudnorm import Meter

from polyreel_inference.media.audio import Samples

TARGET_LOUDNESS = -23.0
"""Integrated loudness in LUFS (ITU-R BS.1770-4) of every speaker; the level of European broadcasts."""

_BLOCK_SECONDS = 0.4
_QUIETEST = -100.0


def loudness_gain(samples: Samples, rate: int) -> float:
    """Return the factor that brings mono sound at `rate` Hz to -23 LUFS.

    It is 1 where loudness has no meaning: for silence, and for less than the 0.4 seconds it is measured over.
    """
    if len(samples) < _BLOCK_SECONDS * rate or not samples.any():
        return 1.0
    loudness = float(Meter(rate, block_size=_BLOCK_SECONDS).integrated_loudness(samples))
    if not loudness > _QUIETEST:  # whispers below the gate of the measurement have none, or minus infinity
        return 1.0
    return float(10 ** ((TARGET_LOUDNESS - loudness) / 20))


def normalize_loudness(samples: Samples, rate: int) -> Samples:
    """Return the sound at -23 LUFS, or unchanged where `loudness_gain` is 1."""
    return samples * np.float32(loudness_gain(samples, rate))
