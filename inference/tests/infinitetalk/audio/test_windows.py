"""Each frame is heard with its neighbours, and speech that ends too early goes on backwards."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.audio.windows import audio_windows, mirror_tail
from tests.infinitetalk.golden_inputs import embedding, windows


def numbered(frames: int) -> Tensor:
    """Speech whose every number is that of its frame."""
    return torch.arange(frames, dtype=torch.float32)[:, None, None].expand(frames, 12, 768)


def order(speech: Tensor) -> list[int]:
    return speech[:, 0, 0].int().tolist()


def test_the_ends_go_on_with_their_last_frame() -> None:
    heard = audio_windows([numbered(6)], 0, 6)

    assert heard.shape == (1, 6, 5, 12, 768)
    assert heard[0, :, :, 0, 0].int().tolist() == [
        [0, 0, 0, 1, 2],
        [0, 0, 1, 2, 3],
        [0, 1, 2, 3, 4],
        [1, 2, 3, 4, 5],
        [2, 3, 4, 5, 5],
        [3, 4, 5, 5, 5],
    ]


def test_a_chunk_hears_what_lies_around_it() -> None:
    speech = embedding("anna", 30)

    assert torch.equal(audio_windows([speech], 9, 17)[0], windows(speech)[9:26])


def test_people_may_end_at_different_times() -> None:
    heard = audio_windows([numbered(9), numbered(4)], 2, 5)

    assert heard[:, :, 2, 0, 0].int().tolist() == [[2, 3, 4, 5, 6], [2, 3, 3, 3, 3]]


@pytest.mark.parametrize(
    ("frames", "end", "wanted"),
    [
        (6, 5, [0, 1, 2, 3, 4, 5]),
        (6, 6, [0, 1, 2, 3, 4, 5, 5, 4, 3]),
        (6, 8, [0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1]),
        (2, 6, [0, 1, 1, 0, 0, 1, 1, 0, 0]),
        (1, 3, [0, 0, 0, 0, 0, 0]),
    ],
    ids=["long enough", "just too short", "two missing", "back and forth", "a single frame"],
)
def test_missing_speech_is_mirrored(frames: int, end: int, wanted: list[int]) -> None:
    assert order(mirror_tail(numbered(frames), end)) == wanted
