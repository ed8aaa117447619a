import numpy as np
import pytest

from polyreel_inference.engines.preview.sound import ANALYSIS_RATE, FloatArray, Speech, analyse

FPS = 25.0


def vowel(seconds: float, pitch: float = 120.0, first: float = 700.0, second: float = 1200.0) -> FloatArray:
    """A buzz with two formants in Hz."""
    time = np.arange(int(seconds * ANALYSIS_RATE)) / ANALYSIS_RATE
    total = np.zeros_like(time)
    for harmonic in range(1, 40):
        rate = pitch * harmonic
        weight = sum(1 / (1 + ((rate - formant) / 90) ** 2) for formant in (first, second))
        total += weight * np.sin(2 * np.pi * rate * time)
    return np.asarray(0.3 * total / np.abs(total).max(), np.float32)


def silence(seconds: float) -> FloatArray:
    return np.zeros(int(seconds * ANALYSIS_RATE), np.float32)


def listen(*parts: FloatArray) -> Speech:
    sound = np.concatenate(parts)
    return analyse(sound, FPS, round(len(sound) / ANALYSIS_RATE * FPS))


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_and_faint_hiss_keep_the_mouth_closed(level: float) -> None:
    hiss = np.random.default_rng(1).normal(0, 1, 3 * ANALYSIS_RATE).astype(np.float32) * np.float32(level)
    speech = listen(hiss)
    assert speech.openness.max() == 0
    assert speech.level.max() == 0


def test_a_vowel_opens_the_mouth_and_the_pause_after_it_closes_it_completely() -> None:
    speech = listen(silence(0.6), vowel(0.8), silence(0.8))
    assert speech.openness[:13].max() == 0
    assert speech.openness[18:33].min() > 0.5
    assert speech.openness[44:].max() == 0


def test_a_steady_tone_without_any_pause_is_open_throughout() -> None:
    time = np.arange(2 * ANALYSIS_RATE) / ANALYSIS_RATE
    speech = listen((0.2 * np.sin(2 * np.pi * 220 * time)).astype(np.float32))
    assert speech.openness[3:-3].min() > 0.4


def test_lips_open_faster_than_they_close() -> None:
    speech = listen(silence(0.6), vowel(0.8), silence(0.8))
    peak = speech.openness.max()
    rise = np.flatnonzero(speech.openness > 0.7 * peak)[0] - np.flatnonzero(speech.openness > 0)[0]
    last_loud = np.flatnonzero(speech.openness > 0.7 * peak)[-1]
    fall = np.flatnonzero(speech.openness > 0)[-1] - last_loud
    assert rise < fall <= round(0.32 * FPS)


def test_noise_under_the_speech_is_gated_relative_to_the_track() -> None:
    noise = np.random.default_rng(2).normal(0, 0.01, 3 * ANALYSIS_RATE).astype(np.float32)
    noise[ANALYSIS_RATE : 2 * ANALYSIS_RATE] += vowel(1.0)
    speech = listen(noise)
    assert speech.openness[5:20].max() < 0.05
    assert speech.openness[30:45].min() > 0.4


def test_the_spectrum_shapes_the_lips() -> None:
    spread, rounded = vowel(0.6, first=300, second=2300), vowel(0.6, first=320, second=800)
    speech = listen(spread, silence(0.4), rounded, silence(0.4))
    assert speech.width[5:13].mean() > 0.3
    assert speech.width[30:38].mean() < -0.3


def test_hiss_opens_less_than_a_vowel_as_loud() -> None:
    white = np.random.default_rng(3).normal(0, 1, ANALYSIS_RATE)
    spectrum = np.fft.rfft(white)
    spectrum[: round(4500 * len(white) / ANALYSIS_RATE)] = 0
    hiss = np.fft.irfft(spectrum, len(white))
    tone = vowel(1.0)
    hiss = (hiss * np.sqrt((tone**2).mean() / (hiss**2).mean())).astype(np.float32)
    speech = listen(tone, silence(0.4), hiss, silence(0.4))
    assert speech.openness[40:55].mean() < 0.6 * speech.openness[5:20].mean()


def test_padding_moves_speech_and_fills_with_silence() -> None:
    speech = listen(vowel(0.4))
    later = speech.padded(7, 30)
    assert later.openness[:7].max() == 0
    np.testing.assert_array_equal(later.openness[7:17], speech.openness)
    assert later.openness[17:].max() == 0
    assert len(speech.padded(3, 5).level) == 5
