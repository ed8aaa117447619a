"""Sound files become mono speech at 16 kHz, all of the same length as what was recorded."""

import math
from pathlib import Path

import numpy as np
import pytest
import soxr

from polyreel_inference.engines.infinitetalk.audio.speech import frames_of, load_speech
from polyreel_inference.media.errors import UnreadableMedia
from tests.media.clips import ffmpeg, tone, write_wav


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_resampling_is_that_of_librosa(tmp_path: Path, rate: int) -> None:
    """librosa.load averages the channels and has soxr resample them in its high quality."""
    left, right = tone(0.7, rate, 300, 0.4), tone(0.7, rate, 700, 0.3)
    stored = [np.trunc(channel * 32767) / 32768 for channel in (left, right)]
    wanted = soxr.resample(np.mean(stored, axis=0, dtype=np.float32), rate, 16_000, quality="soxr_hq")

    speech = load_speech(write_wav(tmp_path / "s.wav", [left, right], rate))

    assert speech.dtype == np.float32
    assert len(speech) == math.ceil(len(left) * 16_000 / rate)
    assert np.abs(speech[: len(wanted)] - wanted[: len(speech)]).max() < 1e-6


def test_speech_at_the_wanted_rate_is_not_touched(tmp_path: Path) -> None:
    sound = tone(0.5, 16_000)

    speech = load_speech(write_wav(tmp_path / "s.wav", [sound], 16_000))

    assert np.array_equal(speech, np.trunc(sound * 32_767) / 32_768)


@pytest.mark.parametrize("name", ["s.mp3", "s.m4a", "s.ogg", "s.mkv"])
def test_any_container_is_read(tmp_path: Path, name: str) -> None:
    source = write_wav(tmp_path / "s.wav", [tone(1.0, 44_100, 500)], 44_100)
    ffmpeg("-i", source, tmp_path / name)

    speech = load_speech(tmp_path / name)

    assert len(speech) == pytest.approx(16_000, abs=1200)
    assert np.abs(np.fft.rfft(speech[2000:10_000])).argmax() == 250


def test_the_sound_of_a_video_is_read(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "s.wav", [tone(1.0, 48_000)], 48_000)
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=1")
    ffmpeg(*picture, "-i", source, "-shortest", tmp_path / "talk.mp4")

    assert len(load_speech(tmp_path / "talk.mp4")) == pytest.approx(16_000, abs=1200)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=0.4", tmp_path / "mute.mp4")

    with pytest.raises(UnreadableMedia, match="holds no sound"):
        load_speech(tmp_path / "mute.mp4")


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = tone(0.5, 16_000)
    sound[100] = np.nan
    raw = tmp_path / "s.raw"
    raw.write_bytes(sound.tobytes())
    ffmpeg("-f", "f32le", "-ar", "16000", "-ac", "1", "-i", raw, "-c:a", "pcm_f32le", tmp_path / "s.wav")

    with pytest.raises(UnreadableMedia, match="no numbers"):
        load_speech(tmp_path / "s.wav")


def test_only_whole_frames_count() -> None:
    # 29 frames are 1.16 seconds, whose product with 25 is below 29 in floating point.
    assert [frames_of(samples) for samples in (0, 639, 640, 29 * 640, 16_000)] == [0, 0, 1, 29, 25]
