"""Other frame rates: every frame of the result is the one that stands at its time."""

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.retiming import Retiming, frames_at


@pytest.mark.parametrize(("fps", "count"), [(25, 25), (24, 24), (50, 50), (12.5, 12), (30, 30), (1, 1)])
def test_a_second_stays_a_second(fps: float, count: int) -> None:
    assert frames_at(fps, 25) == count


@pytest.mark.parametrize("fps", [1, 12.5, 24, 25, 29.97, 30, 50, 60])
@pytest.mark.parametrize("chunks", [[40], [17, 12, 11], [1] * 40])
def test_chunks_do_not_show(fps: float, chunks: list[int]) -> None:
    retiming, shown, first = Retiming(fps, 40), [], 0
    for length in chunks:
        pictures = (np.full((1, 1, 3), number, np.uint8) for number in range(first, first + length))
        shown += [int(picture[0, 0, 0]) for picture in retiming.take(pictures)]
        first += length
        # Whatever begins before the end of the chunk has been given.
        assert len(shown) == min(retiming.frames, int(np.ceil(first * fps / 25 - 1e-6)))
    assert len(shown) == retiming.frames
    assert shown == [min(39, int(index * 25 / fps + 1e-6)) for index in range(retiming.frames)]


def test_as_many_frames_as_are_asked_for() -> None:
    retiming = Retiming(30, 7, shown=9)
    pictures = (np.full((1, 1, 3), number, np.uint8) for number in range(7))

    assert [int(picture[0, 0, 0]) for picture in retiming.take(pictures)] == [0, 0, 1, 2, 3, 4, 5, 5, 6]
