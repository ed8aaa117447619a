from collections.abc import Sequence

import pytest

from polyreel_inference.engines.latentsync.faces.first_look import shows_a_face
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.media.video_reader import VideoReader
from tests.latentsync.faces.scripted_landmarks import ScriptedLandmarks, face_at
from tests.media.clips import constant, number_of, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoReader:
    path = tmp_path_factory.mktemp("look") / "clip.mp4"
    return VideoReader(write_video(path, constant(25, 100)))


def _seen_in(*numbers: int, height: float = 100) -> ScriptedLandmarks:
    def script(_: int, image: Image) -> Sequence[DetectedFace]:
        return [face_at(30, 20, height)] if number_of(image) in numbers else []

    return ScriptedLandmarks(script)


def _go_on() -> None:
    return None


def test_one_look_is_enough_when_the_first_frame_shows_a_face(video: VideoReader) -> None:
    landmarks = _seen_in(*range(100))
    assert shows_a_face(video, 100, landmarks, _go_on)
    assert landmarks.calls == 1


def test_a_face_late_in_the_video_is_found_by_a_few_looks(video: VideoReader) -> None:
    landmarks = _seen_in(*range(60, 100))
    assert shows_a_face(video, 100, landmarks, _go_on)
    assert landmarks.calls <= 8


def test_a_single_short_appearance_is_not_missed(video: VideoReader) -> None:
    assert shows_a_face(video, 100, _seen_in(*range(26, 36)), _go_on)


def test_no_face_is_told_after_looking_everywhere(video: VideoReader) -> None:
    landmarks = _seen_in()
    assert not shows_a_face(video, 100, landmarks, _go_on)
    assert landmarks.calls < 20


def test_frames_that_will_not_be_shown_do_not_count(video: VideoReader) -> None:
    assert not shows_a_face(video, 40, _seen_in(*range(40, 100)), _go_on)


def test_a_face_too_small_to_be_moved_does_not_count(video: VideoReader) -> None:
    assert not shows_a_face(video, 100, _seen_in(*range(100), height=70), _go_on)


def test_the_look_can_be_cancelled(video: VideoReader) -> None:
    def cancel() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shows_a_face(video, 100, _seen_in(), cancel)
