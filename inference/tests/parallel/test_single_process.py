"""One process: no group is made, nothing is copied, and the team is a plain call."""

from typing import Any

import pytest
import torch
import torch.distributed as dist

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team


def test_every_method_of_a_group_of_one_returns_its_argument() -> None:
    mesh = open_mesh(CpuBackend(), Ranks(0, 1, 0))
    x = torch.randn(1, 5, 4, 2)

    assert not dist.is_initialized()
    assert mesh.sequence.shard(x) is x
    assert mesh.sequence.gather(x) is x
    assert mesh.sequence.scatter_heads(x) is x
    assert all(a is x for a in mesh.sequence.scatter_heads(x, x, x))
    assert mesh.sequence.gather_heads(x) is x
    assert mesh.sequence.all_min(x) is x
    assert mesh.sequence.all_max(x) is x
    assert mesh.sequence.gather(x, length=3).shape == (1, 3, 4, 2)
    assert mesh.guidance.share(3) == [0, 1, 2]
    collected = mesh.guidance.collect([x, x, x], 3)
    assert all(branch is x for branch in collected)


def test_a_missing_branch_is_refused() -> None:
    with pytest.raises(ValueError, match="Rank 0 has 2 branches, not 1"):
        Mesh.single().guidance.collect([torch.zeros(1)], 2)


@pytest.mark.parametrize(("ulysses", "guidance"), [(2, 2), (3, 1), (0, 4), (1, 2)])
def test_sizes_that_do_not_make_the_number_of_processes_are_refused(ulysses: int, guidance: int) -> None:
    with pytest.raises(ValueError, match="is not the number of processes, 5"):
        open_mesh(CpuBackend(), Ranks(0, 5, 0), ulysses, guidance)


def test_a_team_of_one_passes_every_gate_by_its_check() -> None:
    done: list[int] = []

    def work(payload: int, gate: Gate) -> int:
        gate.step(0)
        gate.step(1)
        return payload * 2

    team = Team(Mesh.single(), CpuBackend(), work)

    assert team.run(21, done.append) == 42
    assert done == [0, 1]
    with pytest.raises(RuntimeError, match="Rank 0 leads"):
        team.follow()
    team.close()


def test_what_the_check_raises_ends_the_job_of_one_process() -> None:
    def work(payload: Any, gate: Gate) -> None:
        gate.step(0)
        pytest.fail("the gate let a cancelled job pass")

    def check(_done: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Team(Mesh.single(), CpuBackend(), work).run(None, check)


def test_ranks_are_read_from_what_torchrun_sets() -> None:
    one_machine = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "3", "LOCAL_WORLD_SIZE": "4"}
    two_machines = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}

    assert Ranks.from_environment({}) == Ranks(0, 1, 0)
    assert Ranks.from_environment({}).is_leader
    assert Ranks.from_environment(one_machine) == Ranks(3, 4, 3, "127.0.0.1")
    assert Ranks.from_environment({**two_machines, "MASTER_ADDR": "node-0"}) == Ranks(3, 4, 1, "node-0")
    assert not Ranks.from_environment(one_machine).is_leader


def test_an_incomplete_launch_is_refused() -> None:
    with pytest.raises(ValueError, match="RANK set but not WORLD_SIZE, LOCAL_RANK"):
        Ranks.from_environment({"RANK": "0"})
    with pytest.raises(ValueError, match="Rank 2 of 2"):
        Ranks.from_environment({"RANK": "2", "WORLD_SIZE": "2", "LOCAL_RANK": "0"})
