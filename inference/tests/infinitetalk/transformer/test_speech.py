"""What a block hears, beside loops over frames, and in parts as ranks hold them."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.diffusion.transformer.rotary import Grid
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.engines.infinitetalk.transformer.own_frames import OwnFrames
from polyreel_inference.engines.infinitetalk.transformer.speech import Speech, SpeechExtension
from polyreel_inference.parallel.data_group import DataGroup
from polyreel_inference.parallel.sequence_group import SequenceGroup
from tests.infinitetalk.transformer.tiny_transformer import (
    HEAD_SIZE,
    HEADS,
    masks,
    random_numbers,
    single_runtime,
    tiny_transformer,
    windows,
)

RUNTIME = single_runtime()
GRID: Grid = (3, 2, 5)
PER_FRAME = GRID[1] * GRID[2]
TOKENS = GRID[0] * PER_FRAME


def _speech(model: InfiniteTalkTransformer, people: int) -> Speech:
    return model.speech(windows(people, GRID[0]), masks(people, *GRID[1:]), runtime=RUNTIME)


def _heard(model: InfiniteTalkTransformer, x: Tensor, speech: Speech, places: Tensor | None) -> Tensor:
    """Attend frame by frame and head by head with the matrices of block 0."""
    block = model.blocks[0]
    attention = block.audio_cross_attn
    frames = []
    for index in range(GRID[0]):
        own = slice(index * PER_FRAME, (index + 1) * PER_FRAME)
        query = attention.q_linear(block.norm_x(x[0, own])).reshape(PER_FRAME, HEADS, HEAD_SIZE)
        both = attention.kv_linear(speech.tokens[index])
        key, value = (part.reshape(-1, HEADS, HEAD_SIZE) for part in both.chunk(2, dim=-1))
        if places is not None:
            middles = torch.tensor([2.0, 22.0]).repeat_interleave(len(key) // 2)
            query, key = _turned(query, places[own]), _turned(key, middles)
        heads = [
            (query[:, head] @ key[:, head].T / HEAD_SIZE**0.5).softmax(dim=-1) @ value[:, head]
            for head in range(HEADS)
        ]
        frames.append(attention.proj(torch.cat(heads, dim=-1)))
    return torch.cat(frames)[None]


def _turned(x: Tensor, places: Tensor) -> Tensor:
    frequencies = 10000.0 ** (-torch.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
    turn = torch.polar(torch.ones(len(places), HEAD_SIZE // 2), torch.outer(places, frequencies))
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(pairs * turn[:, None]).flatten(-2)


@torch.no_grad()
def test_one_speaker_is_heard_by_every_token_of_the_moment() -> None:
    model, x = tiny_transformer(), random_numbers(1, TOKENS, HEADS * HEAD_SIZE, seed=1)
    speech = _speech(model, 1)
    extension = SpeechExtension(speech, GRID, RUNTIME)
    query = random_numbers(1, TOKENS, HEADS, HEAD_SIZE, seed=2)

    assert extension.attended(query, query) is None
    added = extension.after_context(model.blocks[0], x, None) - x
    torch.testing.assert_close(added, _heard(model, x, speech, None), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_two_speakers_are_heard_from_where_tokens_stand() -> None:
    model, x = tiny_transformer(), random_numbers(1, TOKENS, HEADS * HEAD_SIZE, seed=1)
    speech = _speech(model, 2)
    extension = SpeechExtension(speech, GRID, RUNTIME)
    query, key = (random_numbers(1, TOKENS, HEADS, HEAD_SIZE, seed=seed) for seed in (2, 3))
    places = extension.attended(query, key)
    assert places is not None
    assert places.shape == (TOKENS,)
    added = extension.after_context(model.blocks[0], x, places) - x

    torch.testing.assert_close(added, _heard(model, x, speech, places), rtol=1e-4, atol=1e-5)
    assert (added - _heard(model, x, speech, None)).abs().max() > 1e-3


@torch.no_grad()
def test_speech_of_another_moment_is_not_heard() -> None:
    model, x = tiny_transformer(), random_numbers(1, TOKENS, HEADS * HEAD_SIZE, seed=1)
    other = windows(1, GRID[0])
    other[:, 5:] += 1
    heard = [
        SpeechExtension(model.speech(each, runtime=RUNTIME), GRID, RUNTIME).after_context(
            model.blocks[0], x, None
        )
        for each in (windows(1, GRID[0]), other)
    ]

    assert torch.equal(heard[0][:, : 2 * PER_FRAME], heard[1][:, : 2 * PER_FRAME])
    assert (heard[0] - heard[1])[:, 2 * PER_FRAME :].abs().max() > 1e-3


@pytest.mark.parametrize("grid", [(3, 2, 5), (1, 1, 5), (2, 4, 4)])
@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_the_frames_of_all_ranks_cover_every_token_once(grid: Grid, ranks: int) -> None:
    tokens = grid[0] * grid[1] * grid[2]
    x = random_numbers(1, tokens, 2, 3, seed=1)
    frames = x[0].unflatten(0, (grid[0], -1))
    joined = []
    for rank in range(ranks):
        sequence = SequenceGroup(DataGroup(rank, ranks))
        own = OwnFrames.of(grid, sequence)
        shard = sequence.shard(x)
        assert own.tokens + own.padding == shard.shape[1]
        if own.tokens:
            split = own.split(shard[:, : own.tokens])
            assert torch.equal(split[split != 0], frames[own.frames][split != 0])
            assert torch.equal(own.join(split), shard[:, : own.tokens])
            joined.append(own.join(frames[own.frames]))
    assert torch.equal(torch.cat(joined, dim=1), x)


@torch.no_grad()
def test_speech_that_does_not_fit_the_video_is_refused() -> None:
    model = tiny_transformer()
    with pytest.raises(ValueError, match="The speech has 3 latent frames, the video 2"):
        SpeechExtension(_speech(model, 1), (2, 2, 5), RUNTIME)
    with pytest.raises(ValueError, match=r"masks have 10 tokens, a latent frame of the video 8"):
        SpeechExtension(_speech(model, 2), (3, 2, 4), RUNTIME)
    with pytest.raises(ValueError, match="2 speakers need 3 masks, the last of the background: got none"):
        model.speech(windows(2, 3), runtime=RUNTIME)
    with pytest.raises(ValueError, match="2 speakers need 3 masks, the last of the background: got 2"):
        model.speech(windows(2, 3), masks(1, 2, 5), runtime=RUNTIME)
