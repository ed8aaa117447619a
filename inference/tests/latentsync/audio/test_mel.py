"""The spectrogram equals that of transformers, whatever the length."""

import numpy as np
import pytest
import torch
from transformers import WhisperFeatureExtractor

from polyreel_inference.engines.latentsync.audio.mel import log_mel, mel_filters
from polyreel_inference.media.audio import Samples


def _noise(samples: int) -> Samples:
    generator = np.random.default_rng(samples)
    loudness = np.linspace(0.001, 0.3, samples)
    return (generator.standard_normal(samples) * loudness).astype(np.float32)


def test_the_filters_are_those_of_transformers() -> None:
    np.testing.assert_allclose(mel_filters(), WhisperFeatureExtractor().mel_filters.T, rtol=0, atol=1e-8)


# 31 seconds are more than a block, and the ends of blocks must not show.
@pytest.mark.parametrize("samples", [640, 16_000, 31 * 16_000 + 77])
def test_equals_transformers_on_the_whole_sound(samples: int) -> None:
    sound = _noise(samples)
    expected = WhisperFeatureExtractor()(
        sound, sampling_rate=16_000, truncation=False, padding="longest", return_tensors="pt"
    ).input_features[0]
    found = log_mel(sound)

    assert found.shape == (80, samples // 160)
    # Logarithms of quiet bands show how two Fourier transforms round.
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)


def test_silence_has_the_lowest_value_everywhere() -> None:
    found = log_mel(np.zeros(1600, np.float32))
    torch.testing.assert_close(found, torch.full((80, 10), -1.5), rtol=0, atol=1e-5)


def test_refuses_what_cannot_be_mirrored() -> None:
    with pytest.raises(ValueError, match="more than 200 samples, not 200"):
        log_mel(np.zeros(200, np.float32))
    assert log_mel(np.zeros(201, np.float32)).shape == (80, 1)


def test_a_cancel_is_noticed_every_half_minute() -> None:
    heard: list[None] = []

    def check() -> None:
        heard.append(None)
        if len(heard) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        log_mel(np.zeros(100 * 16_000, np.float32), check)
