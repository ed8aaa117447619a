"""Speakers are brought to -23 LUFS; where there is no loudness nothing happens."""

import numpy as np
import pytest
from pyloudnorm import Meter

from polyreel_inference.engines.infinitetalk.audio.loudness import loudness_gain, normalize_loudness
from tests.media.clips import tone

RATE = 16_000


@pytest.mark.parametrize("volume", [0.01, 0.1, 0.9])
def test_speech_becomes_equally_loud(volume: float) -> None:
    normalized = normalize_loudness(tone(1.0, RATE, volume=volume), RATE)

    assert normalized.dtype == np.float32
    assert Meter(RATE).integrated_loudness(normalized) == pytest.approx(-23, abs=0.01)


def test_a_full_sine_of_1_khz_has_the_gain_of_the_standard() -> None:
    # ITU-R BS.1770-4: in one channel it measures -3.01 LKFS, so 19.99 dB have to go.
    gain = loudness_gain(tone(2.0, 48_000, 997, volume=1.0), 48_000)

    assert 20 * np.log10(gain) == pytest.approx(-19.99, abs=0.05)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(RATE, np.float32),
        np.zeros(0, np.float32),
        tone(0.39, RATE),
        tone(1.0, RATE, volume=1e-7),
    ],
    ids=["silence", "nothing", "below 0.4 seconds", "below the gate"],
)
def test_sound_without_loudness_stays_as_it_is(sound: np.ndarray) -> None:
    assert np.array_equal(normalize_loudness(sound, RATE), sound)
