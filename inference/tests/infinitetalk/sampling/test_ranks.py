"""The same chunks on 1, 2, 3 and 4 ranks."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.parallel.ranks import Ranks
from tests.infinitetalk.sampling.rank_checks import denoise
from tests.parallel.rank_runner import run_ranks


@pytest.fixture(scope="module")
def alone() -> list[Tensor]:
    return denoise(Ranks(0, 1, 0), (1, 1))


@pytest.mark.parametrize("sizes", [(2, 1), (4, 1), (1, 2), (1, 3), (2, 2)])
def test_every_rank_gets_the_latents_of_one_rank(sizes: tuple[int, int], alone: list[Tensor]) -> None:
    count = sizes[0] * sizes[1]
    for results in run_ranks(count, "tests.infinitetalk.sampling.rank_checks:denoise", sizes):
        for shared, single in zip(results, alone, strict=True):
            torch.testing.assert_close(shared, single, rtol=0, atol=1e-4)


def test_a_cancelled_chunk_ends_on_all_ranks_and_the_next_one_is_whole(alone: list[Tensor]) -> None:
    told, followed = run_ranks(2, "tests.infinitetalk.sampling.rank_checks:cancel_and_denoise", (2, 1))
    assert followed is None
    assert told["cancelled"]
    assert told["passed"] == [0, 1, 2]
    torch.testing.assert_close(told["made"], alone[1], rtol=0, atol=1e-4)
