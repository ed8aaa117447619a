"""Who a token belongs to, beside the attention matrix written out."""

import math

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.transformer.speaker_places import MOST_SPEAKERS, SpeakerPlaces
from tests.infinitetalk.transformer.tiny_transformer import (
    HEAD_SIZE,
    HEADS,
    SIZES,
    masks,
    random_numbers,
    single_runtime,
)

RUNTIME = single_runtime()
HEIGHT, WIDTH, FRAMES = 3, 5, 4


def _speakers(people: int) -> SpeakerPlaces:
    return SpeakerPlaces.of(masks(people, HEIGHT, WIDTH), SIZES.tokens, HEAD_SIZE, RUNTIME)


def _query_and_key() -> tuple[Tensor, Tensor]:
    shape = (1, FRAMES * HEIGHT * WIDTH, HEADS, HEAD_SIZE)
    return random_numbers(*shape, seed=1), random_numbers(*shape, seed=2)


@pytest.mark.parametrize("people", [2, 3])
def test_the_map_is_the_attention_to_the_first_frame_averaged_over_masks(people: int) -> None:
    query, key = _query_and_key()
    first_frame = key[:, : HEIGHT * WIDTH]
    reference = _speakers(people).reference_map(query, first_frame, RUNTIME)

    scores = torch.einsum("qhd,khd->hqk", query[0].double(), first_frame[0].double()) / math.sqrt(HEAD_SIZE)
    attention = scores.softmax(dim=-1)
    for mask, row in zip(masks(people, HEIGHT, WIDTH), reference, strict=True):
        chosen = mask.flatten()
        expected = attention[:, :, chosen].sum(dim=-1).mean(dim=0) / chosen.sum()
        torch.testing.assert_close(row.double(), expected, rtol=0, atol=1e-7)


def test_kernels_get_values_as_wide_as_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of vendors take nothing else, or fail when it is too late for another one."""
    query, key = _query_and_key()
    values: list[Tensor] = []

    def attention(query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor:
        assert exact
        values.append(value)
        return torch.zeros_like(query)

    monkeypatch.setattr(RUNTIME.backend, "attention", attention)
    reference = _speakers(3).reference_map(query, key[:, : HEIGHT * WIDTH], RUNTIME)

    assert reference.shape == (4, FRAMES * HEIGHT * WIDTH)
    (value,) = values
    assert value.shape == key[:, : HEIGHT * WIDTH].shape
    assert value.is_contiguous()


def test_two_speakers_stand_at_both_ends_and_the_background_between() -> None:
    person, other, nobody = [0.2, 0.6, 0.1, 0.5, 0.0], [0.1, 0.2, 0.7, 0.3, 0.1], [0.1, 0.3, 0.2, 0.2, 0.5]
    places = _speakers(2).places(torch.tensor([person, other, nobody]))

    # From the least to the most attention among all tokens: 0.0 to 0.6, and 0.1 to 0.7.
    expected = [4 * 0.2 / 0.6, 4.0, 24.0, 4 * 0.5 / 0.6, 12.0]
    torch.testing.assert_close(places, torch.tensor(expected), rtol=0, atol=1e-5)


def test_three_speakers_share_the_line_and_the_background_meets_none_of_them() -> None:
    everywhere = torch.full((4, 5), 0.1) + 0.5 * torch.eye(4, 5)
    # The last token attends to the first person alone, but less than the first token.
    everywhere[0, 4] = 0.35
    places = _speakers(3).places(everywhere)

    torch.testing.assert_close(places, torch.tensor([4.0, 14.0, 24.0, 7.0, 2.0]), rtol=0, atol=1e-5)


def test_rotated_queries_and_keys_meet_by_the_distance_of_their_places() -> None:
    speakers = _speakers(2)
    query, key = (
        random_numbers(1, 1, HEADS, HEAD_SIZE, seed=1),
        random_numbers(1, 1, HEADS, HEAD_SIZE, seed=2),
    )
    audio = key.expand(3, 2 * SIZES.tokens, -1, -1)
    rotated = speakers.rotate_key(audio, RUNTIME)
    at = {
        place: speakers.rotate_query(query, torch.tensor([place]), RUNTIME)[0, 0]
        for place in (2.0, 12.0, 22.0, 32.0)
    }

    first, second = rotated[1, 0], rotated[1, -1]
    plain = (query * key).sum(dim=-1)[0, 0]
    torch.testing.assert_close((at[2.0] * first).sum(dim=-1), plain)
    torch.testing.assert_close((at[22.0] * second).sum(dim=-1), plain)
    # Each from ten places further on.
    torch.testing.assert_close((at[12.0] * first).sum(dim=-1), (at[32.0] * second).sum(dim=-1))
    assert ((at[12.0] * first).sum(dim=-1) - plain).abs().max() > 0.1
    assert torch.equal(rotated[0], rotated[2])


def test_rotation_turns_interleaved_pairs_with_base_10000() -> None:
    speakers = _speakers(2)
    query = random_numbers(1, 3, HEADS, HEAD_SIZE, seed=3)
    places = torch.tensor([0.5, 12.0, 23.0])
    rotated = speakers.rotate_query(query, places, RUNTIME)

    for token, place in enumerate(places.tolist()):
        for pair in range(HEAD_SIZE // 2):
            angle = place * 10000 ** (-2 * pair / HEAD_SIZE)
            even, odd = query[0, token, :, 2 * pair], query[0, token, :, 2 * pair + 1]
            turned = rotated[0, token, :, 2 * pair : 2 * pair + 2].unbind(-1)
            torch.testing.assert_close(turned[0], even * math.cos(angle) - odd * math.sin(angle))
            torch.testing.assert_close(turned[1], even * math.sin(angle) + odd * math.cos(angle))


def test_masks_without_a_token_are_named() -> None:
    grid = masks(2, HEIGHT, WIDTH)
    grid[1:] = False

    with pytest.raises(ValueError, match="belongs to person 2 and the background"):
        SpeakerPlaces.of(grid, SIZES.tokens, HEAD_SIZE, RUNTIME)


@pytest.mark.parametrize("people", [1, MOST_SPEAKERS + 1])
def test_no_more_people_are_told_apart_than_the_line_has_room_for(people: int) -> None:
    with pytest.raises(ValueError, match=f"2 to 6, not {people}"):
        _speakers(people)
