"""Several people speak at once or one after the other, each in a track of the common length."""

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.audio.arrangement import AudioMode, arrange_tracks
from polyreel_inference.host.errors import EngineError

FIRST = np.array([1, 2, 3], np.float32)
SECOND = np.array([4, 5], np.float32)


def written(tracks: list[np.ndarray]) -> list[list[float]]:
    return [track.tolist() for track in tracks]


def test_at_once_the_shorter_one_ends_in_silence() -> None:
    assert written(arrange_tracks([FIRST, SECOND], "para")) == [[1, 2, 3], [4, 5, 0]]
    assert written(arrange_tracks([SECOND, FIRST], "para")) == [[4, 5, 0], [1, 2, 3]]


def test_one_after_the_other_each_waits_for_those_before() -> None:
    assert written(arrange_tracks([FIRST, SECOND], "add")) == [[1, 2, 3, 0, 0], [0, 0, 0, 4, 5]]


def test_three_speak_in_their_order() -> None:
    tracks = arrange_tracks([SECOND, FIRST, SECOND], "add")

    assert written(tracks) == [[4, 5, 0, 0, 0, 0, 0], [0, 0, 1, 2, 3, 0, 0], [0, 0, 0, 0, 0, 4, 5]]


@pytest.mark.parametrize("mode", ["para", "add"])
def test_the_silent_take_no_time(mode: AudioMode) -> None:
    assert written(arrange_tracks([None, FIRST], mode)) == [[0, 0, 0], [1, 2, 3]]


def test_the_tracks_given_are_not_changed() -> None:
    track = FIRST.copy()
    arrange_tracks([track, SECOND], "para")[0][0] = 9

    assert np.array_equal(track, FIRST)


@pytest.mark.parametrize("tracks", [[None, None], [], [np.zeros(0, np.float32)]])
def test_somebody_has_to_speak(tracks: list[np.ndarray | None]) -> None:
    with pytest.raises(EngineError, match="at least one sound file"):
        arrange_tracks(tracks, "para")
