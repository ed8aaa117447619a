"""The same velocity on 1, 2 and 4 ranks, also where ranks begin within a frame or have nothing to do."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.parallel.ranks import Ranks
from tests.infinitetalk.transformer.rank_checks import HARDEST, velocities
from tests.parallel.rank_runner import run_ranks

CHECKS = "tests.infinitetalk.transformer.rank_checks:velocities"


@pytest.fixture(scope="module")
def alone() -> list[Tensor]:
    return velocities(Ranks(0, 1, 0), compiled=False)


@pytest.mark.parametrize("count", [2, 4])
def test_every_rank_gets_the_velocity_of_one_rank(count: int, alone: list[Tensor]) -> None:
    for results in run_ranks(count, CHECKS, False):
        for shared, single in zip(results, alone, strict=True):
            torch.testing.assert_close(shared, single, rtol=0, atol=1e-5)


def test_ranks_exchange_within_one_compiled_graph(alone: list[Tensor]) -> None:
    for results in run_ranks(2, CHECKS, True):
        (shared,) = results
        torch.testing.assert_close(shared, alone[HARDEST], rtol=0, atol=1e-5)
