"""VideoReader: timelines, directions, rotation, damage."""

from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from polyreel_inference.media import probe as media_probe
from polyreel_inference.media import video_reader
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from tests.media.clips import constant, ffmpeg, number_of, numbers, tone, write_video, write_wav


@pytest.mark.parametrize("fps", [24, 30, 60, 23.976])
def test_reads_every_frame_once_in_order(tmp_path: Path, fps: float) -> None:
    path = write_video(tmp_path / "clip.mp4", constant(fps, 20), rate=fps)
    reader = VideoReader(path)
    assert len(reader) == 20
    assert numbers(list(reader)) == list(range(20))
    assert numbers(list(reader)) == list(range(20))
    assert reader.fps == pytest.approx(fps, rel=0.001)
    assert reader.duration == pytest.approx(20 / fps, abs=0.1 / fps)


@pytest.mark.parametrize("source", [24, 30, 60])
def test_samples_at_constant_rate_by_time(tmp_path: Path, source: int) -> None:
    path = write_video(tmp_path / "clip.mp4", constant(source, source), rate=source)
    reader = VideoReader(path, fps=25)
    assert reader.fps == 25
    assert len(reader) == 25
    assert numbers(list(reader)) == [int(index / 25 * source + 1e-6) for index in range(25)]


def test_holds_frames_of_variable_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mkv", [0.0, 0.04, 0.5, 0.54, 0.9], rate=10)
    shown = numbers(list(VideoReader(path, fps=10)))
    assert shown == [0, 1, 1, 1, 1, 2, 3, 3, 3, 4]


def test_a_picture_that_starts_late_is_held_from_the_start_of_the_sound(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "silent.mp4", constant(10, 5), rate=10)
    sound = write_wav(tmp_path / "sound.wav", [tone(1, 16000)], 16000)
    path = tmp_path / "late.mkv"
    ffmpeg("-itsoffset", "0.5", "-i", silent, "-i", sound, "-c:v", "copy", path)
    assert numbers(list(VideoReader(path, fps=10))) == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "webm"])
@pytest.mark.parametrize("window_frames", [1, 3, 100])
def test_reads_backwards_in_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, window_frames: int
) -> None:
    codec = {"avi": "mpeg4", "webm": "libvpx"}.get(suffix, "libx264")
    path = write_video(tmp_path / f"clip.{suffix}", constant(25, 12), codec=codec)
    monkeypatch.setattr(video_reader, "REVERSE_WINDOW_BYTES", window_frames * 64 * 48 * 3)
    reader = VideoReader(path)
    assert numbers(list(reader.backwards())) == list(range(11, -1, -1))
    assert numbers(list(reader.backwards(4))) == [4, 3, 2, 1, 0]
    assert numbers(list(reader.frames(7))) == [7, 8, 9, 10, 11]


def test_ping_pong_never_doubles_the_ends(tmp_path: Path) -> None:
    reader = VideoReader(write_video(tmp_path / "clip.mp4", constant(25, 4)))
    assert numbers(list(islice(reader.ping_pong(), 15))) == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]


def test_ping_pong_of_one_frame_repeats_it(tmp_path: Path) -> None:
    reader = VideoReader(write_video(tmp_path / "clip.mp4", [0.0]))
    assert numbers(list(islice(reader.ping_pong(), 3))) == [0, 0, 0]


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_turns_frames_as_players_do(tmp_path: Path, degrees: int) -> None:
    plain = write_video(tmp_path / "plain.mp4", constant(25, 2))
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", str(degrees), "-i", plain, "-c", "copy", turned)
    baked = tmp_path / "baked.mkv"
    ffmpeg("-i", turned, "-c:v", "ffv1", baked)
    reader, wanted = VideoReader(turned), VideoReader(baked)
    assert (reader.width, reader.height) == ((64, 48) if degrees == 180 else (48, 64))
    facts = probe(turned)
    assert (facts.width, facts.height) == (reader.width, reader.height)
    ours, theirs = next(iter(reader)), next(iter(wanted))
    assert np.abs(ours.astype(int) - theirs.astype(int)).mean() < 3


@pytest.mark.parametrize(
    ("told", "taken"), [("64/45", Fraction(64, 45)), ("1/1", Fraction(1)), ("60000/1", Fraction(1))]
)
def test_the_shape_of_pixels_is_told(tmp_path: Path, told: str, taken: Fraction) -> None:
    plain = write_video(tmp_path / "plain.mp4", constant(25, 2))
    wide = tmp_path / "wide.mkv"
    ffmpeg("-i", plain, "-vf", f"setsar={told}:max=65535", "-c:v", "ffv1", wide)
    assert probe(plain).pixel_aspect == 1
    assert probe(wide).pixel_aspect == taken


def test_mirrored_frames_are_mirrored_back(tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.mp4", constant(25, 1))
    mirrored = tmp_path / "mirrored.mp4"
    ffmpeg("-display_hflip", "-i", plain, "-c", "copy", mirrored)
    assert number_of(next(iter(VideoReader(mirrored)))[:, ::-1]) == 0
    ours, stored = next(iter(VideoReader(mirrored))), next(iter(VideoReader(plain)))
    assert np.array_equal(ours, stored[:, ::-1])


def test_odd_sizes_and_awkward_names(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a clip\'s "name" %d [1].mkv', constant(25, 3), width=65, height=49)
    frames = list(VideoReader(path))
    assert frames[0].shape == (49, 65, 3)
    assert frames[0].flags.c_contiguous
    assert numbers(frames) == [0, 1, 2]


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", constant(25, 60))
    front = tmp_path / "front.mp4"
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "+faststart", front)
    half = tmp_path / "half.mp4"
    half.write_bytes(front.read_bytes()[: front.stat().st_size * 6 // 10])
    with pytest.raises(UnreadableMedia, match="incomplete"):
        list(VideoReader(half))


def test_a_damaged_stream_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", constant(25, 60), key_every=60)
    content = bytearray(path.read_bytes())
    start = content.find(b"mdat")
    rubbish = np.random.default_rng(1).bytes(len(content) // 2)
    content[start + 900 : start + 900 + len(rubbish) // 2] = rubbish[: len(rubbish) // 2]
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia):
        list(VideoReader(path))


@pytest.mark.parametrize("content", [b"", b"not a video at all", b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "input-video"
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia):
        VideoReader(path)


def test_a_small_file_cannot_hold_endless_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "far.mkv", [0.0, 0.04, 6 * 3600.0])
    with pytest.raises(UnreadableMedia, match="at most 6 hours"):
        VideoReader(path, fps=25)


def test_a_small_file_cannot_hold_a_giant_picture(tmp_path: Path) -> None:
    path = tmp_path / "giant.gif"
    size = (16000).to_bytes(2, "little") + (12000).to_bytes(2, "little")
    pixel = b"\x2c" + bytes(4) + b"\1\0\1\0\0\2\2\x44\1\0"
    path.write_bytes(b"GIF89a" + size + b"\x80\0\0" + bytes(3) + b"\xff" * 3 + pixel * 3 + b";")
    for read in (VideoReader, probe):
        with pytest.raises(UnreadableMedia, match="16000x12000 pixels; at most"):
            read(path)


def test_frames_that_grow_beyond_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, small, large = (tmp_path / f"{name}.mkv" for name in ("growing", "small", "large"))
    for part, size in ((small, 64), (large, 128)):
        write_video(tmp_path / "clip.mp4", constant(25, 3), size, size)
        ffmpeg("-i", tmp_path / "clip.mp4", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", part)
    with av.open(str(path), "w") as out, av.open(str(small)) as first, av.open(str(large)) as second:
        stream = out.add_stream_from_template(first.streams.video[0])
        packets = [*first.demux(video=0), *second.demux(video=0)]
        for number, packet in enumerate(packet for packet in packets if packet.size):
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = number
            out.mux(packet)
    assert numbers(list(VideoReader(path))) == [0, 1, 2] * 2
    monkeypatch.setattr(media_probe, "MOST_PIXELS", 64 * 64)
    with pytest.raises(UnreadableMedia):
        list(VideoReader(path))


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sound.wav", [tone(0.2, 16000)], 16000)
    with pytest.raises(UnreadableMedia, match="no video"):
        VideoReader(path)


def test_a_playlist_cannot_reach_other_files(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "secret.mp4", constant(25, 3))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n")
    with pytest.raises(UnreadableMedia):
        VideoReader(playlist)
    concat = tmp_path / "list.txt"
    concat.write_text(f"ffconcat version 1.0\nfile {clip.name}\n")
    with pytest.raises(UnreadableMedia):
        VideoReader(concat)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), 1e9])
def test_refuses_senseless_rates(tmp_path: Path, fps: float) -> None:
    with pytest.raises(ValueError, match="fps"):
        VideoReader(tmp_path / "never opened.mp4", fps=fps)
