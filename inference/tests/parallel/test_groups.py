"""Exchanges among real processes over gloo, compared with the whole tensors."""

import pytest
import torch

from tests.parallel.rank_runner import run_ranks

CHECKS = "tests.parallel.group_checks"


@pytest.mark.parametrize(("count", "length"), [(2, 6), (2, 7), (4, 8), (4, 5)])
def test_tokens_and_heads_are_traded_and_come_back(count: int, length: int) -> None:
    x = torch.randn((2, length, 4, 3), generator=torch.Generator().manual_seed(length))
    results = run_ranks(count, f"{CHECKS}:exchange_sequence", {"x": x})

    share = -(-length // count)
    padded = torch.cat((x, torch.zeros(2, share * count - length, 4, 3)), dim=1)
    heads = 4 // count
    for rank, result in enumerate(results):
        of_rank = x[:, :, rank * heads : (rank + 1) * heads]
        torch.testing.assert_close(
            result["own"], padded[:, rank * share : (rank + 1) * share], rtol=0, atol=0
        )
        torch.testing.assert_close(result["heads"], of_rank, rtol=0, atol=0)
        torch.testing.assert_close(result["alone"], of_rank, rtol=0, atol=0)
        torch.testing.assert_close(result["half"], of_rank.bfloat16(), rtol=0, atol=0)
        torch.testing.assert_close(result["back"], x, rtol=0, atol=0)
        torch.testing.assert_close(result["last"], x, rtol=0, atol=0)


def test_extremes_are_taken_over_all_ranks_and_keep_the_argument() -> None:
    results = run_ranks(4, f"{CHECKS}:exchange_sequence", {"x": torch.zeros(1, 4, 4, 1)})

    for rank, result in enumerate(results):
        assert result["least"].tolist() == [0.0, -3.0]
        assert result["most"].tolist() == [3.0, 0.0]
        assert result["shares"].tolist() == [float(rank), float(-rank)]


def test_exchanges_are_compiled_into_one_graph() -> None:
    x = torch.randn((1, 5, 4, 2), generator=torch.Generator().manual_seed(0))
    results = run_ranks(2, f"{CHECKS}:compile_exchange", x)

    for result in results:
        torch.testing.assert_close(result["compiled"], result["plain"])
    assert results[0]["plain"][1].shape == (1, 5, 4, 2)


def test_heads_the_ranks_do_not_divide_are_refused() -> None:
    texts = run_ranks(2, f"{CHECKS}:refuse_heads", torch.zeros(1, 2, 3, 1))

    assert texts == ["2 ranks cannot share 3 attention heads: choose a Ulysses size that divides them."] * 2


@pytest.mark.parametrize(
    ("guidance", "ulysses", "shares"),
    [
        (2, 2, [[[0], [0], [0, 2]], [[0], [1], [1]]]),
        (4, 1, [[[0], [0], [0]], [[0], [1], [1]], [[0], [0], [2]], [[0], [1], [0]]]),
    ],
)
def test_branches_are_shared_and_collected_in_order(
    guidance: int, ulysses: int, shares: list[list[list[int]]]
) -> None:
    branches = [torch.full((1, 2), float(index)) for index in range(3)]
    payload = {"branches": branches, "guidance": guidance, "ulysses": ulysses}
    results = run_ranks(4, f"{CHECKS}:exchange_branches", payload)

    for rank, result in enumerate(results):
        assert [[int(branch[0, 0]) for branch in found] for found in result["collected"]] == [
            [0],
            [0, 1],
            [0, 1, 2],
        ]
        assert result["shares"] == shares[rank // ulysses]
        first = rank - rank % ulysses
        assert result["neighbours"] == [float(first + offset) for offset in range(ulysses)]
