from collections.abc import Iterator

import pytest

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace
from polyreel_inference.engines.latentsync.faces.steady_anchors import steady
from tests.latentsync.faces.scripted_landmarks import face_at


def _walk(places: list[float | None]) -> list[float | None]:
    faces = [None if x is None else face_at(x, 100, 120) for x in places]
    middle = face_at(0, 100, 120).anchors[0, 0]
    return [None if points is None else float(points[0, 0] - middle) for points in steady(faces)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_a_face_that_stands_still_stays_where_it_is(count: int) -> None:
    assert _walk([50.0] * count) == pytest.approx([50.0] * count)


def test_a_steady_movement_is_neither_slowed_nor_delayed() -> None:
    walked = _walk([10.0 * step for step in range(8)])
    assert walked[2:-2] == pytest.approx([20, 30, 40, 50])


def test_trembling_is_damped() -> None:
    walked = _walk([100.0 + (-1) ** step for step in range(12)])
    assert max(abs(x - 100) for x in walked[2:-2] if x is not None) < 1e-9


def test_frames_without_a_face_stay_so_and_do_not_pull() -> None:
    assert _walk([10.0, None, 10.0, 10.0]) == pytest.approx([10.0, None, 10.0, 10.0])


def test_a_jump_is_not_averaged() -> None:
    assert _walk([10.0, 10.0, 300.0, 300.0]) == pytest.approx([10, 10, 300, 300])


def test_faces_are_read_two_ahead_and_no_more() -> None:
    read = 0

    def faces() -> Iterator[DetectedFace]:
        nonlocal read
        while True:
            read += 1
            yield face_at(50, 100, 120)

    next(steady(faces()))
    assert read == 3
