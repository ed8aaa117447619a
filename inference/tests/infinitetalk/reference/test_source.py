"""Pictures and videos as references of frames at 25 per second."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.engines.infinitetalk.reference.source import (
    ReferenceSource,
    StillReference,
    VideoReference,
    open_reference,
)
from polyreel_inference.media.errors import UnreadableMedia
from tests.infinitetalk import golden_inputs
from tests.media.clips import constant, number_of, write_video


def shown(reference: ReferenceSource, frames: list[int]) -> list[int]:
    return [number_of(reference.picture(frame)) for frame in frames]


def test_a_picture_is_the_same_at_any_time(tmp_path: Path) -> None:
    picture = golden_inputs.picture(70, 80)
    Image.fromarray(picture).save(tmp_path / "face.png")

    reference = open_reference(tmp_path / "face.png")

    assert isinstance(reference, StillReference)
    assert reference.still
    assert (reference.width, reference.height) == (80, 70)
    assert np.array_equal(reference.picture(0), picture)
    assert np.array_equal(reference.picture(72_000), picture)


def test_a_video_shows_what_it_shows_at_that_time(tmp_path: Path) -> None:
    reference = open_reference(write_video(tmp_path / "film.mp4", constant(25, 60)))

    assert isinstance(reference, VideoReference)
    assert not reference.still
    assert (reference.width, reference.height, reference.frames) == (64, 48, 60)
    assert shown(reference, [0, 7, 59, 20]) == [0, 7, 59, 20]


@pytest.mark.parametrize("fps", [12.5, 30, 50])
def test_other_rates_keep_time(tmp_path: Path, fps: float) -> None:
    video = write_video(tmp_path / "film.mp4", constant(fps, 80), rate=fps)
    reference = VideoReference(video)
    frames = [0, 1, 2, 3, 10, 24, 36]

    assert reference.frames == round(80 / fps * 25)
    assert shown(reference, frames) == [int(frame * fps / 25 + 1e-6) for frame in frames]


def test_behind_its_end_a_video_shows_its_last_picture(tmp_path: Path) -> None:
    reference = VideoReference(write_video(tmp_path / "film.mp4", constant(25, 12)))

    assert shown(reference, [11, 12, 72, 7200]) == [11] * 4


def test_kinds_are_told_apart_by_content(tmp_path: Path) -> None:
    video = write_video(tmp_path / "film.mp4", constant(25, 12)).rename(tmp_path / "input-image")
    Image.fromarray(golden_inputs.picture(70, 80)).save(tmp_path / "picture.jpg")
    picture = (tmp_path / "picture.jpg").rename(tmp_path / "input-video.mp4")

    assert not open_reference(video).still
    assert open_reference(picture).still


@pytest.mark.parametrize("content", [b"", b"neither", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_neither_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "input").write_bytes(content)

    with pytest.raises(UnreadableMedia):
        open_reference(tmp_path / "input")


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (8, 8)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 20_000, 9_000)  # width and height in the header, then its checksum
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)

    with pytest.raises(UnreadableMedia):
        open_reference(path)
