from collections.abc import Sequence

import numpy as np
import pytest

from polyreel_inference.engines.latentsync.faces.face_choice import LargestFace
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFootage, AlignedFrame
from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Smoothing, Template
from polyreel_inference.media.video_reader import VideoReader
from tests.latentsync.faces.scripted_landmarks import ScriptedLandmarks, face_at
from tests.media.clips import constant, number_of, write_video

_TEMPLATE = Template(64)
_LENGTH = 7


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoReader:
    path = tmp_path_factory.mktemp("footage") / "clip.mp4"
    return VideoReader(write_video(path, constant(25, _LENGTH), 160, 120))


def _face(frame: int) -> DetectedFace:
    return face_at(70 + 3 * frame, 60, 90)


def _moving(_: int, image: Image) -> Sequence[DetectedFace]:
    return [] if number_of(image) == 4 else [_face(number_of(image))]


def _footage(
    video: VideoReader, frames: int, landmarks: ScriptedLandmarks, smoothing: Smoothing = "original"
) -> list[AlignedFrame]:
    order = FrameOrder(frames=frames, source_frames=len(video), fps=25)
    return list(AlignedFootage(video, order, landmarks, LargestFace(), _TEMPLATE, smoothing, lambda: None))


def _matrices(frames: list[AlignedFrame]) -> list[list[list[float]] | None]:
    return [None if frame.matrix is None else frame.matrix.tolist() for frame in frames]


@pytest.mark.parametrize("smoothing", ["original", "steady"])
@pytest.mark.parametrize("frames", [1, 2, 5, 7, 8, 20])
def test_frames_come_in_the_order_of_the_result(
    smoothing: Smoothing, frames: int, video: VideoReader
) -> None:
    shown = _footage(video, frames, ScriptedLandmarks(_moving), smoothing)
    order = FrameOrder(frames=frames, source_frames=_LENGTH, fps=25)
    assert [frame.source for frame in shown] == [order.source(index) for index in range(frames)]
    assert [number_of(frame.image) for frame in shown] == [frame.source for frame in shown]


def test_matrices_are_those_of_the_alignment_in_the_order_of_the_source(video: VideoReader) -> None:
    shown = _footage(video, _LENGTH, ScriptedLandmarks(_moving))
    alignment = Alignment(_TEMPLATE, "original")
    wanted = [
        None if index == 4 else alignment.matrix(_face(index).anchors).tolist() for index in range(_LENGTH)
    ]
    assert _matrices(shown) == wanted


def test_a_frame_without_a_face_passes_and_has_no_crop(video: VideoReader) -> None:
    shown = _footage(video, _LENGTH, ScriptedLandmarks(_moving), "steady")
    assert [frame.source for frame in shown if frame.crop is None] == [4]
    assert all(frame.crop.shape == (64, 64, 3) for frame in shown if frame.crop is not None)


def test_each_source_frame_is_searched_once_and_looks_the_same_in_every_turn(video: VideoReader) -> None:
    landmarks = ScriptedLandmarks(_moving)
    shown = _footage(video, 20, landmarks, "steady")
    assert landmarks.calls == _LENGTH
    first = {frame.source: frame for frame in shown[:_LENGTH]}
    assert _matrices(shown) == _matrices([first[frame.source] for frame in shown])
    again = shown[_LENGTH]
    assert again.crop is not None
    np.testing.assert_array_equal(again.crop, first[_LENGTH - 1].crop)


def test_reading_stops_when_the_job_is_cancelled(video: VideoReader) -> None:
    asked = 0

    def cancel() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise InterruptedError

    order = FrameOrder(frames=20, source_frames=_LENGTH, fps=25)
    landmarks = ScriptedLandmarks(_moving)
    footage = AlignedFootage(video, order, landmarks, LargestFace(), _TEMPLATE, "original", cancel)
    with pytest.raises(InterruptedError):
        list(footage)
    assert landmarks.calls == 2
