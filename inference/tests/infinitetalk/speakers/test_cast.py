"""Sound files are given to people."""

from collections.abc import Sequence

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_beside, area_of_box, halves
from polyreel_inference.engines.infinitetalk.speakers.boxes import Box
from polyreel_inference.engines.infinitetalk.speakers.cast import choose_cast
from polyreel_inference.host.errors import EngineError

WIDTH, HEIGHT = 120, 60
PEOPLE = [area_of_box(Box(40 * index + 4, 6, 40 * index + 30, 54), WIDTH, HEIGHT) for index in range(3)]


def same(found: Sequence[Area], wanted: Sequence[Area]) -> bool:
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


def test_one_file_is_everybodys() -> None:
    cast = choose_cast(WIDTH, HEIGHT, 1)

    assert cast.tracks == (0,)
    assert cast.areas == ()


def test_two_files_are_those_of_the_halves() -> None:
    cast = choose_cast(WIDTH, HEIGHT, 2)

    assert cast.tracks == (0, 1)
    assert same(cast.areas, halves(WIDTH, HEIGHT))


@pytest.mark.parametrize(("speaker", "tracks"), [(1, (0, None)), (2, (None, 0))])
def test_one_half_can_be_chosen_to_speak(speaker: int, tracks: tuple[int | None, ...]) -> None:
    cast = choose_cast(WIDTH, HEIGHT, 1, speaker=speaker)

    assert cast.tracks == tracks
    assert same(cast.areas, halves(WIDTH, HEIGHT))


def test_files_go_to_areas_in_their_order() -> None:
    cast = choose_cast(WIDTH, HEIGHT, 3, PEOPLE)

    assert cast.tracks == (0, 1, 2)
    assert same(cast.areas, PEOPLE)


def test_areas_left_over_are_silent_people() -> None:
    assert choose_cast(WIDTH, HEIGHT, 2, PEOPLE).tracks == (0, 1, None)
    assert choose_cast(WIDTH, HEIGHT, 1, PEOPLE).tracks == (0, None, None)


def test_any_person_can_be_chosen_to_speak() -> None:
    assert choose_cast(WIDTH, HEIGHT, 1, PEOPLE, speaker=3).tracks == (None, None, 0)


def test_a_single_speaker_gets_somebody_silent_beside() -> None:
    cast = choose_cast(WIDTH, HEIGHT, 1, PEOPLE[:1])

    assert cast.tracks == (0, None)
    assert same(cast.areas, [PEOPLE[0], area_beside(PEOPLE[0])])


@pytest.mark.parametrize(
    ("sounds", "people", "speaker", "message"),
    [
        (0, 0, None, "at least one sound file"),
        (3, 0, None, "3 sound files but 0 boxes or masks"),
        (3, 2, None, "3 sound files but 2 boxes or masks"),
        (2, 1, None, "2 sound files but 1 boxes or masks"),
        (2, 2, 1, "for one sound file only"),
        (1, 2, 3, "Person 3 cannot speak: there are 2"),
        (1, 0, 3, "Person 3 cannot speak: there are 2"),
        (1, 2, 0, "Person 0 cannot speak"),
        (2, 7, None, "7 people, .* at most 6"),
    ],
)
def test_what_does_not_match_is_refused(sounds: int, people: int, speaker: int | None, message: str) -> None:
    with pytest.raises(EngineError, match=message) as refused:
        choose_cast(WIDTH, HEIGHT, sounds, (PEOPLE * 3)[:people], speaker)

    assert refused.value.code == "INVALID_INPUT"
