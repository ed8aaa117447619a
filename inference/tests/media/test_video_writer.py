"""VideoWriter: what it writes can be read again, and nothing stays behind when it fails."""

from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.media.audio import audio_duration, frames_for, read_audio
from polyreel_inference.media.errors import EncodingFailed, UnreadableMedia
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from polyreel_inference.media.video_writer import VideoWriter
from tests.media.clips import numbered_frame, numbers, tone, write_wav


@pytest.mark.parametrize("fps", [24, 25, 29.97, 60])
def test_round_trip_without_sound(tmp_path: Path, fps: float) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 64, 48, fps) as writer:
        for number in range(30):
            writer.write(numbered_frame(number))
    reader = VideoReader(path)
    assert numbers(list(reader)) == list(range(30))
    assert reader.fps == pytest.approx(fps, rel=1e-3)
    assert reader.duration == pytest.approx(30 / fps, abs=0.002)
    facts = probe(path)
    assert (facts.width, facts.height, facts.has_audio) == (64, 48, False)


@pytest.mark.parametrize(
    ("rate", "channels", "written"),
    [(44100, 2, 44100), (16000, 1, 16000), (96000, 1, 48000), (11025, 1, 11025)],
)
def test_sound_keeps_its_rate_and_the_length_fits(
    tmp_path: Path, rate: int, channels: int, written: int
) -> None:
    sound = write_wav(tmp_path / 'a b\'s "c".wav', [tone(1.03, rate)] * channels, rate)
    path = tmp_path / "out put.mp4"
    frames = frames_for(audio_duration(sound), 25)
    with VideoWriter(path, 64, 48, 25, sound) as writer:
        for number in range(frames):
            writer.write(numbered_frame(number))
    facts = probe(path)
    assert (facts.sample_rate, facts.channels) == (written, channels)
    assert facts.duration == pytest.approx(frames / 25, abs=0.001)
    assert 0 <= frames / 25 - 1.03 < 1 / 25
    heard = read_audio(path, 16000)
    assert np.abs(heard[1000:15000]).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("sound_seconds", [0.3, 3.0])
def test_sound_is_cut_or_padded_to_the_frames(tmp_path: Path, sound_seconds: float) -> None:
    sound = write_wav(tmp_path / "s.wav", [tone(sound_seconds, 16000)], 16000)
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 64, 48, 25, sound) as writer:
        for number in range(25):
            writer.write(numbered_frame(number))
    assert len(VideoReader(path)) == 25
    assert probe(path).duration == pytest.approx(1.0, abs=0.001)
    assert audio_duration(path) == pytest.approx(1.0, abs=0.07)


def test_index_stands_before_the_data(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 64, 48, 25) as writer:
        writer.write(numbered_frame(0))
    content = path.read_bytes()
    assert content.find(b"moov") < content.find(b"mdat")


def test_odd_sizes_lose_a_line(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 65, 49, 25) as writer:
        writer.write(numbered_frame(3, 65, 49))
    assert (probe(path).width, probe(path).height) == (64, 48)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50), (128, 128, 128)])
def test_colours_survive(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 64, 64, 25) as writer:
        writer.write(np.full((64, 64, 3), colour, np.uint8))
    shown = next(iter(VideoReader(path)))
    assert np.abs(shown.reshape(-1, 3).mean(axis=0) - colour).max() < 4


def test_an_exception_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError), VideoWriter(tmp_path / "out.mp4", 64, 48, 25) as writer:  # noqa: PT012
        writer.write(numbered_frame(0))
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_no_frame_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EncodingFailed, match="no frame"), VideoWriter(tmp_path / "out.mp4", 64, 48, 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_words_of_ffmpeg_are_passed_on(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 64, 48, 25, preset="no such preset")
    frame = numbered_frame(0)

    def write_until_it_fails() -> None:
        for _ in range(1000):
            writer.write(frame)
        writer.finish()

    with pytest.raises(EncodingFailed, match="preset"):
        write_until_it_fails()
    assert list(tmp_path.iterdir()) == []


def test_sound_without_sound_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with VideoWriter(path, 64, 48, 25) as writer:
        writer.write(numbered_frame(0))
    with pytest.raises(UnreadableMedia, match="sound"):
        VideoWriter(tmp_path / "out.mp4", 64, 48, 25, path)
    assert list(tmp_path.iterdir()) == [path]


def test_refuses_frames_of_another_shape(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="uint8 frame"),
        VideoWriter(tmp_path / "o.mp4", 64, 48, 25) as writer,
    ):
        writer.write(np.zeros((64, 48, 3), np.uint8))


@pytest.mark.parametrize(
    ("width", "height", "fps"), [(1, 48, 25), (64, 0, 25), (64, 48, 0), (64, 48, float("inf"))]
)
def test_refuses_senseless_formats(tmp_path: Path, width: int, height: int, fps: float) -> None:
    with pytest.raises(ValueError, match="cannot write"):
        VideoWriter(tmp_path / "o.mp4", width, height, fps)
