"""Footage of all kinds: rates, sizes, turned pictures, lengths, frames without a face, several people."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.engine import LatentSyncEngine
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from tests.latentsync.engine.running import FacesByPicture, one_face, run
from tests.latentsync.faces.scripted_landmarks import face_at
from tests.media.clips import constant, ffmpeg, number_of, numbers, write_video

Media = dict[str, Path]


def given_frames(path: Path, count: int) -> NDArray[np.int64]:
    return np.stack(list(VideoReader(path))[:count]).astype(int)


def changes(made: NDArray[np.uint8], given: NDArray[np.int64]) -> list[bool]:
    """Whether each frame has another mouth; coding alone changes it by far less."""
    height, width = given.shape[1:3]
    mouth = (slice(None), slice(height * 5 // 8, height * 6 // 8), slice(width * 3 // 8, width * 5 // 8))
    return [bool(change > 12) for change in np.abs(made[mouth] - given[mouth]).mean(axis=(1, 2, 3))]


@pytest.mark.parametrize(("fps", "frames"), [(24, 5), (30, 6), (60, 12)])
def test_every_frame_of_the_source_is_made_at_its_rate(
    engine: LatentSyncEngine, tmp_path: Path, media: Media, fps: float, frames: int
) -> None:
    video = write_video(tmp_path / "source.mp4", constant(fps, 20), 128, 112, rate=fps)
    done = run(engine, tmp_path / "job", {"video": video, "audio": media["audio"]})
    assert done.resolved["fps"] == probe(done.path).fps == fps
    assert numbers(list(done.frames)) == list(range(frames))
    assert changes(done.frames, given_frames(video, frames)) == [True] * frames


def test_a_video_shorter_than_its_sound_runs_to_and_fro(
    engine: LatentSyncEngine, tmp_path: Path, media: Media
) -> None:
    video = write_video(tmp_path / "short.mp4", constant(25, 7), 128, 112)
    done = run(engine, tmp_path / "job", {"video": video, "audio": media["longer"]})
    there = list(range(7))
    assert numbers(list(done.frames)) == [*there, *there[::-1], *there, *there[::-1], 0, 1]


def test_odd_sizes_lose_their_last_line(engine: LatentSyncEngine, tmp_path: Path, media: Media) -> None:
    video = write_video(tmp_path / "odd.mp4", constant(25, 5), 129, 113)
    done = run(engine, tmp_path / "job", {"video": video, "audio": media["audio"]}, return_mask=True)
    assert done.frames.shape == (5, 112, 128, 3)


def test_a_turned_video_stays_as_it_is_shown(engine: LatentSyncEngine, tmp_path: Path, media: Media) -> None:
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", media["video"], "-c", "copy", turned)
    done = run(engine, tmp_path / "job", {"video": turned, "audio": media["audio"]})
    given = given_frames(turned, 5)
    assert done.frames.shape == given.shape == (5, 128, 112, 3)
    assert np.abs(done.frames[:, :30] - given[:, :30]).mean() < 3


@pytest.mark.parametrize(("turn", "aspect"), [("0", Fraction(64, 45)), ("90", Fraction(45, 64))])
def test_pixels_that_are_not_square_keep_their_shape(
    engine: LatentSyncEngine, tmp_path: Path, media: Media, turn: str, aspect: Fraction
) -> None:
    wide, turned = tmp_path / "wide.mp4", tmp_path / "turned.mp4"
    ffmpeg("-i", media["video"], "-vf", "setsar=64/45", wide)
    ffmpeg("-display_rotation", turn, "-i", wide, "-c", "copy", turned)
    inputs = {"video": turned, "audio": media["audio"]}
    done = run(engine, tmp_path / "job", inputs, return_mask=True)
    mask = tmp_path / "mask.mp4"
    mask.write_bytes(done.reporter.outputs["mask"])
    assert [probe(path).pixel_aspect for path in (turned, done.path, mask)] == [aspect] * 3


def test_frames_without_a_face_stay_as_they_are(
    engine: LatentSyncEngine, faces: FacesByPicture, tmp_path: Path, media: Media
) -> None:
    faces.script = lambda image: [] if number_of(image) in (1, 2) else one_face(image)
    inputs = {"video": media["video"], "audio": media["audio"]}
    done = run(engine, tmp_path / "kept", inputs)
    assert changes(done.frames, given_frames(media["video"], 5)) == [True, False, False, True, True]
    with pytest.raises(EngineError, match=r"at second 0\.04") as caught:
        run(engine, tmp_path / "original", inputs, no_face="original")
    assert caught.value.code == ErrorCode.FACE_NOT_DETECTED


def test_a_whole_group_without_a_face_stays_as_it_is(
    engine: LatentSyncEngine, faces: FacesByPicture, tmp_path: Path, media: Media
) -> None:
    faces.script = lambda image: [] if number_of(image) < 16 else one_face(image)
    done = run(engine, tmp_path, {"video": media["video"], "audio": media["longer"]})
    given = given_frames(media["video"], 20)
    assert changes(done.frames[:20], given) == [False] * 16 + [True] * 4


def two_people(image: Image) -> list[DetectedFace]:
    """The one on the left is smaller."""
    return [face_at(48, 60, 85), face_at(144, 60, 95)]


@pytest.mark.parametrize(
    ("asked", "left", "right"), [("left", True, False), ("right", False, True), ("largest", False, True)]
)
def test_one_of_two_people_speaks(
    engine: LatentSyncEngine,
    faces: FacesByPicture,
    tmp_path: Path,
    media: Media,
    asked: str,
    left: bool,
    right: bool,
) -> None:
    faces.script = two_people
    video = write_video(tmp_path / "two.mp4", constant(25, 5), 192, 120)
    done = run(engine, tmp_path / "job", {"video": video, "audio": media["audio"]}, face=asked)
    given = given_frames(video, 5)
    assert changes(done.frames[:, :, :96], given[:, :, :96]) == [left] * 5
    assert changes(done.frames[:, :, 96:], given[:, :, 96:]) == [right] * 5
