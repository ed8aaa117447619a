"""From sound files to the tracks of people and the sound of the video."""

from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.audio.voices import load_voices
from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.probe import probe
from tests.media.clips import tone, write_wav


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A loud second at 44.1 kHz and half a low second at 16 kHz."""
    loud = write_wav(tmp_path / "loud.wav", [tone(1.0, 44_100, 300, 0.9)], 44_100)
    low = write_wav(tmp_path / "low.wav", [tone(0.5, 16_000, 900, 0.05)], 16_000)
    return [loud, low]


def level(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


def test_one_speaker_keeps_the_original_sound(files: list[Path], tmp_path: Path) -> None:
    voices = load_voices(files[:1], [0], "para", tmp_path / "mixed.wav")

    assert voices.sound == files[0]
    assert not (tmp_path / "mixed.wav").exists()
    assert voices.frames == 25
    assert [len(track) for track in voices.tracks] == [16_000]


def test_two_at_once_are_mixed_at_the_higher_rate(files: list[Path], tmp_path: Path) -> None:
    voices = load_voices(files, [0, 1], "para", tmp_path / "mixed.wav")

    assert voices.frames == 25
    assert [len(track) for track in voices.tracks] == [16_000, 16_000]
    assert not voices.tracks[1][8000:].any()
    facts = probe(voices.sound)
    assert facts.sample_rate == 44_100
    assert facts.duration == pytest.approx(1.0, abs=0.001)
    # Both are about as loud now, so together they have more power than one alone.
    mixed = read_audio(voices.sound, 44_100)
    assert level(mixed[2000:20_000]) == pytest.approx(2**0.5 * level(mixed[24_000:42_000]), rel=0.15)


def test_one_after_the_other_the_mix_has_both_lengths(files: list[Path], tmp_path: Path) -> None:
    voices = load_voices(files, [0, 1], "add", tmp_path / "mixed.wav")

    assert voices.frames == 37
    assert [len(track) for track in voices.tracks] == [24_000, 24_000]
    mixed = read_audio(voices.sound, 16_000)
    assert len(mixed) == pytest.approx(24_000, abs=2)
    heard = np.sum(voices.tracks, axis=0)
    assert np.abs(mixed[500:15_500] - heard[500:15_500]).max() < 0.01
    assert np.abs(mixed[16_500:23_500] - heard[16_500:23_500]).max() < 0.01


def test_a_silent_person_has_an_empty_track(files: list[Path], tmp_path: Path) -> None:
    voices = load_voices(files[:1], [None, 0], "add", tmp_path / "mixed.wav")

    assert voices.sound == files[0]
    assert not voices.tracks[0].any()
    assert len(voices.tracks[0]) == len(voices.tracks[1]) == 16_000
