"""FragmentWriter: what it sends can be played from the first group on, and is a sound file at the end."""

import gc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.color_tags import ColorTags
from polyreel_inference.media.errors import EncodingFailed, UnreadableMedia
from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from tests.media.clips import numbered_frame, numbers, tone, write_wav

AAC_FRAME = 1024
"""Samples; the sound track is that much longer, as its first frame is only there to start the decoder."""


def write(groups: list[int], fps: float = 25, audio: Path | None = None) -> list[bytes]:
    """What is sent for numbered frames in groups of these lengths: beginning, one piece a group, end."""
    pieces: list[bytes] = []
    writer = FragmentWriter(pieces.append, 64, 48, fps, sum(groups), audio)
    first = 0
    for length in groups:
        writer.write(numbered_frame(number) for number in range(first, first + length))
        first += length
    writer.finish()
    return pieces


def saved(path: Path, pieces: list[bytes]) -> Path:
    path.write_bytes(b"".join(pieces))
    return path


def boxes(data: bytes) -> list[tuple[str, int, int]]:
    """Kind, start and size of the boxes that follow each other in `data`."""
    found, start = [], 0
    while start < len(data):
        size = int.from_bytes(data[start : start + 4])
        found.append((data[start + 4 : start + 8].decode(), start, size))
        start += size
    assert start == len(data)
    return found


@pytest.mark.parametrize("fps", [1, 23.976, 24, 25, 29.97, 60])
def test_all_frames_come_back_at_their_rate(tmp_path: Path, fps: float) -> None:
    path = saved(tmp_path / "out.mp4", write([17, 1, 2, 12], fps))
    reader = VideoReader(path)
    assert numbers(list(reader)) == list(range(32))
    assert reader.fps == pytest.approx(fps, rel=1e-4)
    assert probe(path).duration == pytest.approx(32 / fps, abs=1e-3)


def test_every_group_can_be_played_as_soon_as_it_was_sent(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "s.wav", [tone(2, 16000)], 16000)
    pieces = write([17, 16, 17], audio=sound)
    for groups, frames in ((1, 17), (2, 33), (3, 50)):
        path = saved(tmp_path / f"{groups}.mp4", pieces[: 1 + groups])
        assert numbers(list(VideoReader(path))) == list(range(frames))
        heard, meant = read_audio(path, 16000), read_audio(sound, 16000)[: frames * 640]
        assert len(heard) >= len(meant)
        # Neither early nor late, and no gap where fragments meet.
        assert np.abs(heard[2000 : len(meant)] - meant[2000:]).max() < 0.05


@pytest.mark.parametrize(
    ("rate", "channels", "written"), [(44100, 2, 44100), (16000, 1, 16000), (96000, 1, 48000)]
)
def test_sound_keeps_its_rate_and_the_length_fits(
    tmp_path: Path, rate: int, channels: int, written: int
) -> None:
    sound = write_wav(tmp_path / 'a "b".wav', [tone(1.03, rate)] * channels, rate)
    path = saved(tmp_path / "out.mp4", write([9, 17], audio=sound))
    facts = probe(path)
    assert (facts.sample_rate, facts.channels) == (written, channels)
    assert facts.duration == pytest.approx(26 / 25 + AAC_FRAME / written, abs=1e-3)


def test_sound_that_is_complete_before_the_last_frames_has_their_length(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "s.wav", [tone(1.0, 8000)], 8000)
    path = saved(tmp_path / "out.mp4", write([240, 1], 240, sound))
    assert probe(path).duration == pytest.approx(241 / 240 + AAC_FRAME / 8000, abs=1e-3)


@pytest.mark.parametrize("sound_seconds", [0.3, 3.0])
def test_sound_is_cut_or_padded_to_the_frames(tmp_path: Path, sound_seconds: float) -> None:
    sound = write_wav(tmp_path / "s.wav", [tone(sound_seconds, 16000)], 16000)
    heard = read_audio(saved(tmp_path / "out.mp4", write([20, 5], audio=sound)), 16000)
    assert len(heard) - 16000 in range(AAC_FRAME)
    end = round(min(1.0, sound_seconds) * 16000)
    assert np.abs(heard[end - 2000 : end]).max() > 0.4
    assert np.abs(heard[end + 2000 : 16000]).max(initial=0) < 0.01


def test_the_index_at_the_end_leads_to_every_group(tmp_path: Path) -> None:
    data = b"".join(write([17, 16, 17]))
    kinds = boxes(data)
    assert [kind for kind, _, _ in kinds] == ["ftyp", "moov", *["moof", "mdat"] * 3, "mfra"]
    _, start, size = kinds[-1]
    # The last four bytes of a file tell how long its index is: so players find it from behind.
    assert int.from_bytes(data[-4:]) == size
    entries = data[start + 8 + 24 : -16]
    found = [
        (int.from_bytes(entries[row : row + 8]) // 40, int.from_bytes(entries[row + 8 : row + 16]))
        for row in range(0, len(entries), 19)
    ]
    moofs = [place for kind, place, _ in kinds if kind == "moof"]
    assert found == list(zip((0, 17, 33), moofs, strict=True))


def test_players_can_jump(tmp_path: Path) -> None:
    path = saved(tmp_path / "out.mp4", write([17, 16, 17]))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(round(40 / 25 / stream.time_base), stream=stream)
        landed = next(container.decode(stream))
    assert landed.time == pytest.approx(33 / 25)
    assert numbers(list(VideoReader(path).frames(40))) == list(range(40, 50))


def test_the_beginning_tells_the_length_of_the_whole(tmp_path: Path) -> None:
    beginning = write([17, 16, 17])[0]
    place = beginning.index(b"mehd")
    assert int.from_bytes(beginning[place + 8 : place + 16]) == 50 * 40


def test_the_shape_of_pixels_stands_in_the_stream_and_in_the_file(tmp_path: Path) -> None:
    pieces: list[bytes] = []
    writer = FragmentWriter(pieces.append, 64, 48, 25, 1, pixel_aspect=Fraction(4, 3))
    writer.write([numbered_frame(0)])
    writer.finish()
    path = saved(tmp_path / "out.mp4", pieces)
    facts = probe(path)
    assert (facts.width, facts.height, facts.pixel_aspect) == (64, 48, Fraction(4, 3))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.sample_aspect_ratio == Fraction(4, 3)
        (frame,) = container.decode(video=0)
        assert frame.to_ndarray(format="rgb24").shape == (48, 64, 3)
    # Players that know no pixel shapes take the size the track is to be shown in.
    place = pieces[0].index(b"tkhd") + 4 + 76
    assert [int.from_bytes(pieces[0][start : start + 4]) >> 16 for start in (place, place + 4)] == [85, 48]


@pytest.mark.parametrize("tags", [ColorTags(), ColorTags(5, 6, 5), ColorTags(6, 6, 6), ColorTags(9, 14, 9)])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50), (128, 128, 128)])
def test_colours_survive_by_every_matrix(
    tmp_path: Path, colour: tuple[int, int, int], tags: ColorTags
) -> None:
    pieces: list[bytes] = []
    writer = FragmentWriter(pieces.append, 64, 64, 25, 1, colors=tags)
    writer.write([np.full((64, 64, 3), colour, np.uint8)])
    writer.finish()
    path = saved(tmp_path / "out.mp4", pieces)
    assert ColorTags.of(path) == tags
    shown = next(iter(VideoReader(path)))
    assert np.abs(shown.reshape(-1, 3).mean(axis=0) - colour).max() < 4


def test_the_frames_announced_must_come() -> None:
    writer = FragmentWriter(list[bytes]().append, 64, 48, 25, 3)
    with pytest.raises(EncodingFailed, match="only 0 of 3"):
        writer.finish()
    with pytest.raises(EncodingFailed, match="0 frames came"):
        writer.write([])
    writer.write([numbered_frame(0), numbered_frame(1)])
    with pytest.raises(EncodingFailed, match="2 frames came after 2 of 3"):
        writer.write([numbered_frame(2), numbered_frame(3)])
    with pytest.raises(EncodingFailed, match="only 2 of 3"):
        writer.finish()


def test_sound_without_sound_is_refused_at_once(tmp_path: Path) -> None:
    silent = saved(tmp_path / "silent.mp4", write([1]))
    with pytest.raises(UnreadableMedia, match="sound"):
        FragmentWriter(list[bytes]().append, 64, 48, 25, 1, silent)


def test_a_writer_that_is_left_lets_go_of_its_sound(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "s.wav", [tone(2, 16000)], 16000)

    def is_open() -> bool:
        return any(file.readlink() == sound for file in Path("/proc/self/fd").iterdir() if file.is_symlink())

    gc.disable()
    try:
        writer = FragmentWriter(list[bytes]().append, 64, 48, 25, 50, sound)
        writer.write([numbered_frame(0)])
        assert is_open()
        del writer
        assert not is_open()
    finally:
        gc.enable()


def test_what_the_encoder_says_is_passed_on() -> None:
    with pytest.raises(EncodingFailed, match=r"H\.264"):
        FragmentWriter(list[bytes]().append, 64, 48, 25, 1, preset="no such preset")


def test_refuses_frames_of_another_shape() -> None:
    writer = FragmentWriter(list[bytes]().append, 64, 48, 25, 1)
    with pytest.raises(ValueError, match="uint8 frame"):
        writer.write([np.zeros((64, 48, 3), np.uint8)])


@pytest.mark.parametrize(
    ("width", "height", "fps", "frames"),
    [(65, 48, 25, 1), (64, 49, 25, 1), (64, 48, 0, 1), (64, 48, 25, 0), (64, 48, float("inf"), 1)],
)
def test_refuses_senseless_formats(width: int, height: int, fps: float, frames: int) -> None:
    with pytest.raises(ValueError, match="cannot write"):
        FragmentWriter(list[bytes]().append, width, height, fps, frames)
