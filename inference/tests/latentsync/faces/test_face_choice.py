import numpy as np
import pytest

from polyreel_inference.engines.latentsync.faces.face_choice import FirstFace, FollowedFace, LargestFace
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace
from tests.latentsync.faces.scripted_landmarks import face_at

_ROOM = np.full((360, 640, 3), 120, np.uint8)
_ELSEWHERE = np.full((360, 640, 3), 20, np.uint8)


def _x(face: DetectedFace | None) -> float | None:
    return None if face is None else float(face.centre[0])


def test_the_largest_acceptable_face_is_taken_anew_in_every_frame() -> None:
    choice = LargestFace()
    assert _x(choice.choose(_ROOM, [face_at(100, 180, 120), face_at(500, 180, 100)])) == 100
    assert _x(choice.choose(_ROOM, [face_at(100, 180, 120), face_at(500, 180, 140)])) == 500
    assert choice.choose(_ROOM, [face_at(100, 180, 60)]) is None


def test_the_followed_person_stays_while_another_one_comes_nearer() -> None:
    choice = FollowedFace("largest", patience=3)
    for step in range(20):
        faces = [face_at(500, 180, 90 + 8 * step), face_at(100 + 6 * step, 180, 120)]
        assert _x(choice.choose(_ROOM, faces)) == 100 + 6 * step


def test_the_followed_person_is_missed_and_found_again() -> None:
    choice = FollowedFace("largest", patience=3)
    other = face_at(500, 180, 100)
    choice.choose(_ROOM, [face_at(100, 180, 120), other])
    assert [choice.choose(_ROOM, [other]) for _ in range(3)] == [None, None, None]
    assert _x(choice.choose(_ROOM, [other, face_at(110, 180, 118)])) == 110


def test_after_long_absence_another_person_is_followed() -> None:
    choice = FollowedFace("largest", patience=2)
    other = face_at(500, 180, 100)
    choice.choose(_ROOM, [face_at(100, 180, 120), other])
    assert [_x(choice.choose(_ROOM, [other])) for _ in range(4)] == [None, None, 500, 500]


def test_after_a_cut_the_choice_is_made_at_once() -> None:
    choice = FollowedFace("largest", patience=30)
    choice.choose(_ROOM, [face_at(100, 180, 120)])
    assert _x(choice.choose(_ELSEWHERE, [face_at(500, 180, 100)])) == 500


@pytest.mark.parametrize(("first", "x"), [("largest", 300), ("left", 100), ("middle", 300), ("right", 500)])
def test_the_first_face_is_the_wanted_one_of_the_row(first: FirstFace, x: float) -> None:
    faces = [face_at(500, 180, 100), face_at(100, 180, 90), face_at(300, 180, 120), face_at(50, 180, 40)]
    assert _x(FollowedFace(first, patience=3).choose(_ROOM, faces)) == x
