"""A team of real processes over gloo: jobs, cancel, and ranks that fail or die in the middle."""

from typing import Any

import pytest
import torch

from tests.parallel.rank_runner import end_ranks, run_ranks
from tests.parallel.team_jobs import Job

SERVE = "tests.parallel.team_jobs:serve_jobs"
NEVER = -1


def _x(length: int = 6) -> torch.Tensor:
    return torch.randn((1, length, 4, 2), generator=torch.Generator().manual_seed(length))


def _assert_summed(result: Any, x: torch.Tensor, steps: int = 3) -> None:
    total, passed = result
    expected = torch.zeros_like(x)
    for _ in range(steps):
        expected = expected + x
    torch.testing.assert_close(total, expected, rtol=0, atol=0)
    assert passed == list(range(steps))


@pytest.mark.parametrize(("ulysses", "guidance"), [(2, 1), (1, 2), (4, 1), (2, 2)])
def test_jobs_follow_one_another_and_have_nothing_in_common(ulysses: int, guidance: int) -> None:
    jobs = [(Job(_x(6)), NEVER), (Job(_x(5), steps=1), NEVER), (Job(_x(6)), NEVER)]
    payload = {"jobs": jobs, "ulysses": ulysses, "guidance": guidance}
    leader, *others = run_ranks(ulysses * guidance, SERVE, payload)

    for result, (job, _) in zip(leader["results"], jobs, strict=True):
        _assert_summed(result, job.x, job.steps)
    assert [other["passed"] for other in others] == [[0, 1, 2]] * len(others)
    assert leader["generation"] == 1


def test_a_cancel_ends_the_job_on_all_ranks_before_the_same_step() -> None:
    leader, *others = run_ranks(4, SERVE, {"jobs": [(Job(_x()), 2)]})

    assert leader["results"] == [(("NotWanted", ""), [0, 1])]
    assert [other["passed"] for other in others] == [[0, 1]] * 3


def test_after_a_cancel_the_connections_serve_the_next_job() -> None:
    leader, _ = run_ranks(2, SERVE, {"jobs": [(Job(_x()), 0), (Job(_x()), NEVER)]})

    assert leader["results"][0] == (("NotWanted", ""), [])
    _assert_summed(leader["results"][1], _x())
    assert leader["generation"] == 1


@pytest.mark.parametrize(("ulysses", "guidance"), [(2, 1), (4, 1), (2, 2)])
def test_a_rank_that_fails_between_gates_fails_the_job_and_not_the_team(ulysses: int, guidance: int) -> None:
    count = ulysses * guidance
    jobs = [
        (Job(_x(), trouble="error", rank=count - 1), NEVER),
        (Job(_x()), NEVER),
        (Job(_x(), trouble="memory", rank=1, at=0), NEVER),
        (Job(_x()), NEVER),
    ]
    payload = {"jobs": jobs, "ulysses": ulysses, "guidance": guidance}
    leader, *_ = run_ranks(count, SERVE, payload)

    failed, after_failed, memory, after_memory = leader["results"]
    assert failed[0] == ("RankFailed", count - 1, "ValueError: the rank's own error", False)
    assert memory[0][:2] == ("RankFailed", 1)
    assert "Tried to allocate" in memory[0][2]
    assert memory[0][3] is True
    _assert_summed(after_failed, _x())
    _assert_summed(after_memory, _x())
    assert leader["generation"] == 3
    assert leader["lost"] == []


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(Job(_x()), id="cancelled"),
        pytest.param(Job(_x(), trouble="error", rank=0), id="leader failed"),
        pytest.param(Job(_x(), trouble="error", rank=1), id="follower failed"),
    ],
)
def test_a_job_that_ends_early_keeps_no_tensors(job: Job) -> None:
    assert run_ranks(2, "tests.parallel.team_jobs:keep_nothing", job) == [True, None]


@pytest.mark.parametrize("count", [2, 4])
def test_an_error_of_the_leader_between_gates_releases_the_others(count: int) -> None:
    jobs = [(Job(_x(), trouble="error", rank=0), NEVER), (Job(_x()), NEVER)]
    leader, *others = run_ranks(count, SERVE, {"jobs": jobs})

    assert leader["results"][0][0] == ("ValueError", "the rank's own error")
    _assert_summed(leader["results"][1], _x())
    assert [other["passed"] for other in others] == [[0, 1, 2]] * len(others)


def test_ranks_that_disagree_about_the_gates_fail_the_job() -> None:
    jobs = [(Job(_x(), trouble="more gates", rank=1, at=3), NEVER), (Job(_x()), NEVER)]
    leader, _ = run_ranks(2, SERVE, {"jobs": jobs})

    text = "RuntimeError: The leader has no such gate after 3 steps: the ranks disagree."
    assert leader["results"][0][0] == ("RankFailed", 1, text, False)
    _assert_summed(leader["results"][1], _x())


def test_a_dead_follower_loses_the_job_and_all_later_ones() -> None:
    jobs = [(Job(_x()), NEVER), (Job(_x(), trouble="death", rank=2), NEVER), (Job(_x()), NEVER)]
    leader, *others = end_ranks(4, SERVE, {"jobs": jobs})

    assert leader.error is None
    results = leader.result["results"]
    _assert_summed(results[0], _x())
    text = "Rank 2 was lost; the processes of this engine have to be started again."
    assert results[1][0] == ("RankLost", text)
    assert results[2][0] == ("RankLost", text)
    assert leader.result["lost"] == [2]
    assert [other.exit_code for other in others] == [0, -9, 0]


def test_a_follower_whose_device_is_broken_ends_to_be_started_again() -> None:
    job = Job(_x(), trouble="error", rank=1)
    leader, follower = end_ranks(2, "tests.parallel.hard_ends:fail_with_the_device", job)

    (error, _), lost = leader.result
    assert (error, lost, follower.exit_code) == ("RankLost", [1], 1)


def test_a_leader_that_lost_a_rank_ends_as_when_told_to() -> None:
    job = Job(_x(), trouble="death", rank=1)
    leader, follower = end_ranks(2, "tests.parallel.team_jobs:end_with_a_lost_rank", job)

    assert (leader.exit_code, follower.exit_code) == (-15, -9)


def test_a_dead_leader_takes_the_followers_with_it_wherever_they_are() -> None:
    jobs = [(Job(_x(), trouble="death", rank=0), NEVER)]
    ended = end_ranks(4, SERVE, {"jobs": jobs})

    assert [end.exit_code for end in ended] == [-9, 1, 1, 1]


def test_a_leader_that_dies_while_the_others_load_takes_them_with_it() -> None:
    ended = end_ranks(2, "tests.parallel.hard_ends:die_while_others_load")

    assert [end.exit_code for end in ended] == [-9, 1]


def test_a_follower_that_dies_while_the_leader_loads_is_missed_at_once() -> None:
    leader, follower = end_ranks(2, "tests.parallel.hard_ends:die_while_the_leader_loads", Job(_x()))

    lost, (error, _) = leader.result
    assert (lost, error, follower.exit_code) == (1, "RankLost", -9)


def test_pytorch_does_not_end_processes_whose_exchanges_fail_whatever_the_launcher_says() -> None:
    of_torchrun = {"TORCH_NCCL_ASYNC_ERROR_HANDLING": "1"}

    assert (
        run_ranks(2, "tests.parallel.team_jobs:tell_settings", of_torchrun)
        == [{"TORCH_NCCL_ASYNC_ERROR_HANDLING": "0"}] * 2
    )


def test_a_rank_that_cannot_end_its_part_of_a_failed_job_ends_its_process() -> None:
    hanging = Job(_x(), trouble="error beside a hang", rank=0, trouble_elsewhere="hang")
    jobs = [(hanging, NEVER), (Job(_x()), NEVER)]
    leader, follower = end_ranks(2, SERVE, {"jobs": jobs, "followers_settle_seconds": 0.2})

    assert [result[0][0] for result in leader.result["results"]] == ["ValueError", "RankLost"]
    assert leader.result["lost"] == [1]
    assert follower.exit_code == 1


def test_a_rank_whose_abort_hangs_ends_its_process_before_the_next_job() -> None:
    job = Job(_x(), trouble="error", rank=0, at=3)
    leader, follower = end_ranks(2, "tests.parallel.hard_ends:hang_while_aborting", job)

    assert leader.result == (("ValueError", "the rank's own error"), 1)
    assert follower.exit_code == 1


def test_a_team_that_cannot_be_closed_ends_its_process() -> None:
    (ended,) = end_ranks(1, "tests.parallel.hard_ends:hang_while_closing")

    assert ended.exit_code == 1


def test_a_process_ends_although_nobody_reads_its_log() -> None:
    (ended,) = end_ranks(1, "tests.parallel.hard_ends:end_without_words")

    assert ended.exit_code == 1


def test_followers_outlive_the_signal_that_lets_the_leader_drain() -> None:
    jobs = [(Job(_x(), trouble="signal", rank=1), NEVER), (Job(_x()), NEVER)]
    leader, follower = end_ranks(2, "tests.parallel.team_jobs:ignore_termination", {"jobs": jobs})

    _assert_summed(leader.result["results"][0], _x())
    _assert_summed(leader.result["results"][1], _x())
    assert follower.exit_code == 0


def test_payloads_arrive_on_every_rank_as_they_were() -> None:
    payloads = [
        {"text": _x().bfloat16(), "steps": 3, "shift": 5.0, "empty": torch.zeros(0, 4)},
        {"flag": torch.tensor([True, False]), "scalar": torch.tensor(3.5, dtype=torch.float64)},
        {"turned": torch.arange(12).view(3, 4).T, "large": torch.arange(1_000_000, dtype=torch.int32)},
    ]
    for seen in run_ranks(2, "tests.parallel.team_jobs:carry_payloads", payloads):
        torch.testing.assert_close(seen, payloads, rtol=0, atol=0)
