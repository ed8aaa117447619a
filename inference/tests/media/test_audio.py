"""Reading, measuring, mixing and joining of sound."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from polyreel_inference.media.audio import (
    audio_blocks,
    audio_duration,
    concatenate_audio,
    frames_for,
    mix_audio,
    read_audio,
)
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.probe import probe
from tests.media.clips import constant, ffmpeg, tone, write_video, write_wav


def pitch(sound: NDArray[np.float32], rate: int) -> float:
    """The loudest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.argmax(spectrum) * rate / len(sound))


def test_stereo_is_averaged_and_resampled(tmp_path: Path) -> None:
    left = tone(1.0, 44100, 440)
    path = write_wav(tmp_path / "stereo.wav", [left, np.zeros_like(left)], 44100)
    sound = read_audio(path, 16000)
    assert sound.dtype == np.float32
    assert sound.shape == (16000,)
    assert np.abs(sound[1000:-1000]).max() == pytest.approx(0.25, abs=0.01)
    assert pitch(sound, 16000) == pytest.approx(440, abs=2)


def test_mono_keeps_its_volume(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "mono.wav", [tone(0.5, 16000)], 16000)
    assert np.abs(read_audio(path, 16000)).max() == pytest.approx(0.5, abs=0.01)


def test_surround_is_mixed_down(tmp_path: Path) -> None:
    centre = tone(0.5, 48000)
    silence = np.zeros_like(centre)
    plain = write_wav(tmp_path / "six.wav", [silence, silence, centre, silence, silence, silence], 48000)
    path = tmp_path / "six.flac"
    ffmpeg("-channel_layout", "5.1", "-i", plain, path)
    assert np.abs(read_audio(path, 48000)).max() > 0.2


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "flac", "webm"])
def test_duration_is_measured_by_decoding(tmp_path: Path, suffix: str) -> None:
    source = write_wav(tmp_path / "source.wav", [tone(1.5, 48000)], 48000)
    path = tmp_path / f"sound.{suffix}"
    ffmpeg("-i", source, path)
    assert audio_duration(path) == pytest.approx(1.5, abs=0.06)
    assert pitch(read_audio(path, 16000), 16000) == pytest.approx(440, abs=2)


def test_sound_of_a_video(tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", constant(25, 25))
    sound = write_wav(tmp_path / "s.wav", [tone(1.0, 22050)], 22050)
    path = tmp_path / "with sound.mp4"
    ffmpeg("-i", video, "-i", sound, "-c:v", "copy", path)
    assert len(read_audio(path, 16000)) == pytest.approx(16000, abs=900)


def test_sound_that_starts_late_is_preceded_by_silence(tmp_path: Path) -> None:
    video = write_video(tmp_path / "v.mp4", constant(25, 25))
    sound = write_wav(tmp_path / "s.wav", [tone(0.5, 16000)], 16000)
    path = tmp_path / "late.mkv"
    ffmpeg("-i", video, "-itsoffset", "0.4", "-i", sound, "-c:v", "copy", "-c:a", "pcm_s16le", path)
    heard = read_audio(path, 16000)
    assert np.abs(heard[: 16000 * 38 // 100]).max() < 0.01
    assert np.abs(heard[16000 * 42 // 100 : 16000 * 8 // 10]).max() > 0.4


def test_parts_of_another_rate_and_layout_are_joined(tmp_path: Path) -> None:
    low = write_wav(tmp_path / "low.wav", [tone(0.5, 22050, 300)], 22050)
    high = write_wav(tmp_path / "high.wav", [tone(0.5, 44100, 900)] * 2, 44100)
    path = tmp_path / "joined.mp3"
    for source in (low, high):
        ffmpeg("-i", source, tmp_path / "part.mp3")
        with path.open("ab") as file:
            file.write((tmp_path / "part.mp3").read_bytes())
    sound = read_audio(path, 16000)
    assert len(sound) == pytest.approx(16000, abs=2500)
    assert pitch(sound[1000:7000], 16000) == pytest.approx(300, abs=4)
    assert pitch(sound[-7000:-1000], 16000) == pytest.approx(900, abs=4)


def test_a_small_file_cannot_hold_endless_sound(tmp_path: Path) -> None:
    path = tmp_path / "slow.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(1)
        file.writeframes(bytes(6 * 3600 + 1))
    # At its own rate: six hours of it take long to resample to a usual one.
    with pytest.raises(UnreadableMedia, match="at most 6 hours"):
        read_audio(path, 1)


@pytest.mark.parametrize("sample", [float("nan"), float("inf")])
def test_samples_that_are_no_numbers_are_refused(tmp_path: Path, sample: float) -> None:
    sound = tone(0.5, 16000)
    sound[4000] = sample
    (tmp_path / "raw").write_bytes(sound.tobytes())
    ffmpeg(
        "-f",
        "f32le",
        "-ar",
        "16000",
        "-ac",
        "1",
        "-i",
        tmp_path / "raw",
        "-c:a",
        "pcm_f32le",
        tmp_path / "s.wav",
    )
    with pytest.raises(UnreadableMedia, match="no numbers"):
        read_audio(tmp_path / "s.wav", 16000)


def test_blocks_have_the_wanted_size_and_lose_nothing(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "s.wav", [tone(1.03, 16000)], 16000)
    blocks = list(audio_blocks(path, 16000, 700))
    assert {len(block) for block in blocks[:-1]} == {700}
    assert np.array_equal(np.concatenate(blocks), read_audio(path, 16000))


def test_silence_stays_silence(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "s.wav", [np.zeros(8000, np.float32)], 16000)
    sound = read_audio(path, 16000)
    assert len(sound) == 8000
    assert not sound.any()


def test_mix_is_as_long_as_the_longest_and_never_clips(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "a.wav", [tone(0.5, 16000, volume=0.9)], 16000)
    second = write_wav(tmp_path / "b.wav", [tone(1.0, 44100, volume=0.9)], 44100)
    mixed = tmp_path / "mixed.wav"
    mix_audio([first, second], mixed)
    facts = probe(mixed)
    assert facts.sample_rate == 44100
    assert facts.duration == pytest.approx(1.0, abs=0.001)
    sound = read_audio(mixed, 44100)
    assert np.abs(sound).max() == pytest.approx(1.0, abs=0.01)
    assert np.abs(sound[24000:]).max() == pytest.approx(0.5, abs=0.03)


def test_tracks_are_mixed_by_their_gains(tmp_path: Path) -> None:
    loud = write_wav(tmp_path / "a.wav", [tone(0.5, 16000, volume=0.9)], 16000)
    low = write_wav(tmp_path / "b.wav", [tone(1.0, 16000, volume=0.2)], 16000)
    mixed, joined = tmp_path / "mixed.wav", tmp_path / "joined.wav"

    mix_audio([loud, low], mixed, gains=[0.1, 2.0])
    concatenate_audio([loud, low], joined, gains=[0.1, 8.0])

    sound = read_audio(mixed, 16000)
    assert np.abs(sound[:8000]).max() == pytest.approx(0.09 + 0.4, abs=0.01)
    assert np.abs(sound[8000:]).max() == pytest.approx(0.4, abs=0.01)
    # Eight times 0.2 would clip, so the whole is lowered to where it just does not.
    sound = read_audio(joined, 16000)
    assert np.abs(sound[:8000]).max() == pytest.approx(0.09 / 1.6, abs=0.01)
    assert np.abs(sound[8000:]).max() == pytest.approx(1.0, abs=0.01)


def test_joined_tracks_follow_each_other(tmp_path: Path) -> None:
    first = write_wav(tmp_path / "a.wav", [tone(0.5, 16000, 300)], 16000)
    second = write_wav(tmp_path / "b.wav", [tone(0.7, 16000, 900)], 16000)
    joined = tmp_path / "joined.wav"
    concatenate_audio([first, second], joined)
    sound = read_audio(joined, 16000)
    assert len(sound) == 19200
    assert pitch(sound[:8000], 16000) == pytest.approx(300, abs=3)
    assert pitch(sound[8000:], 16000) == pytest.approx(900, abs=3)


def test_a_few_damaged_packets_become_silence_of_their_length(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "source.wav", [tone(3.0, 44100)], 44100)
    path = tmp_path / "sound.mp3"
    ffmpeg("-i", source, "-b:a", "128k", path)
    content = bytearray(path.read_bytes())
    content[20_000:21_000] = bytes(1000)
    path.write_bytes(content)
    assert audio_duration(path) == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize("content", [b"", b"no sound", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "input-audio"
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia):
        read_audio(path, 16000)


def test_a_silent_film_has_no_sound(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="no sound"):
        read_audio(write_video(tmp_path / "v.mp4", constant(25, 3)), 16000)


@pytest.mark.parametrize(
    ("duration", "fps", "frames"),
    [(1.0, 25, 25), (1.001, 25, 26), (0.0, 25, 1), (2.04, 25, 51), (1.0, 29.97, 30)],
)
def test_frames_cover_the_sound(duration: float, fps: float, frames: int) -> None:
    assert frames_for(duration, fps) == frames
