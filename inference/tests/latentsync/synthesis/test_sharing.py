"""Chunks over ranks and batches."""

import pytest

from polyreel_inference.engines.latentsync.synthesis.sharing import share_chunks


@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("frames", [[16], [16] * 7, [16] * 4 + [3], [5, 16, 5, 16, 16]])
def test_every_chunk_is_made_once_beside_others_as_long(frames: list[int], ranks: int, most: int) -> None:
    rounds = share_chunks(frames, ranks, most)
    batches = [batch for one in rounds for batch in one]

    assert all(len(one) == ranks for one in rounds)
    assert sorted(number for batch in batches for number in batch.chunks) == list(range(len(frames)))
    assert all(len(batch.chunks) <= most for batch in batches)
    assert all(len({frames[number] for number in batch.chunks}) <= 1 for batch in batches)


def test_ranks_get_work_before_batches_grow() -> None:
    ((first, second),) = share_chunks([16] * 4, ranks=2, most=4)
    assert (first.chunks, second.chunks) == ((0, 1), (2, 3))


def test_ranks_without_a_chunk_wait() -> None:
    ((first, second, third),) = share_chunks([16, 3], ranks=3, most=2)
    assert (first.chunks, second.chunks, third.chunks) == ((0,), (1,), ())
