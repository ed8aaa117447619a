"""Speech from files."""

import wave
from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.latentsync.audio.speech import load_speech, quantize
from polyreel_inference.host.errors import EngineError


def _write(path: Path, values: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(values.astype("<i2").tobytes())
    return path


def test_sound_of_16_bits_comes_back_exactly(tmp_path: Path) -> None:
    values = np.random.default_rng(2).integers(-32_768, 32_768, (5000, 1))
    speech = load_speech(_write(tmp_path / "sp & each.wav", values))

    assert speech.dtype == np.float32
    assert np.array_equal(speech * 32_768, values[:, 0])


def test_channels_are_averaged_and_rounded_to_16_bits(tmp_path: Path) -> None:
    values = np.tile([[100, 201]], (2000, 1))
    assert set(load_speech(_write(tmp_path / "stereo.wav", values)) * 32_768) == {150.0}


def test_too_loud_sound_is_cut() -> None:
    loud = np.array([-2.0, 2.0], np.float32)
    assert quantize(loud).tolist() == [-1.0, 32_767 / 32_768]


def test_less_than_a_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"lasts 0\.040 seconds") as raised:
        load_speech(_write(tmp_path / "short.wav", np.ones((639, 1))))
    assert raised.value.code.name == "AUDIO_TOO_SHORT"
    assert len(load_speech(_write(tmp_path / "just.wav", np.ones((640, 1))))) == 640


def test_a_cancel_is_noticed_at_every_second(tmp_path: Path) -> None:
    heard: list[None] = []

    def check() -> None:
        heard.append(None)
        if len(heard) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        load_speech(_write(tmp_path / "long.wav", np.ones((10 * 16_000, 1))), check)
