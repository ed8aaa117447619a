"""Jobs of the team tests: what each rank does, and what rank 0 asks for."""

import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.parallel.errors import RankFailed, RankLost
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team


class NotWanted(Exception):
    """What the check of a cancelled job raises."""


@dataclass(frozen=True)
class Job:
    """Sum `x` over the steps, sharing it.

    `trouble` happens on `rank`, and `trouble_elsewhere` on the others, behind the gate of step `at`; where
    `at` is `steps`, when all steps are done.
    """

    x: Tensor
    steps: int = 3
    trouble: str = ""
    rank: int = -1
    at: int = 1
    trouble_elsewhere: str = ""


class Calculation:
    """A stand-in for denoising: every step exchanges tensors between all ranks."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self.passed: list[int] = []
        self.newest: Callable[[], Tensor | None] = lambda: None

    def __call__(self, job: Job, gate: Gate) -> Tensor:
        total = torch.zeros_like(job.x)
        self.passed = []
        for step in range(job.steps):
            gate.step(step)
            self.passed.append(step)
            self._cause(job, step, gate)
            group = self._mesh.sequence
            own = group.gather_heads(group.scatter_heads(group.shard(job.x)))
            (whole,) = self._mesh.guidance.collect([group.gather(own, length=job.x.shape[1])], 1)
            total = total + whole
            self.newest = weakref.ref(total)
        self._cause(job, job.steps, gate)
        return total

    def _cause(self, job: Job, step: int, gate: Gate) -> None:
        if step != job.at:
            return
        match job.trouble if job.rank == self._mesh.ranks.rank else job.trouble_elsewhere:
            case "error":
                raise ValueError("the rank's own error")
            case "memory":
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            case "death":
                os.kill(os.getpid(), signal.SIGKILL)
            case "signal":
                os.kill(os.getpid(), signal.SIGTERM)
            case "more gates":
                gate.step(step)
            case "error beside a hang":
                dist.barrier()  # the others are past their gates for sure
                raise ValueError("the rank's own error")
            case "hang":
                dist.barrier()
                threading.Event().wait()


def _never(_done: int) -> None:
    """A check that lets every step pass."""


def _cancel_at(step: int) -> Callable[[int], None]:
    def check(done: int) -> None:
        if done == step:
            raise NotWanted

    return check


def attempt(team: Team, job: Job, check: Callable[[int], None] = _never) -> Any:
    """Run a job; the name and the text of what it failed by."""
    try:
        return team.run(job, check)
    except (NotWanted, ValueError, torch.OutOfMemoryError, RankLost) as error:
        return type(error).__name__, str(error)
    except RankFailed as error:
        return "RankFailed", error.rank, error.text, error.out_of_memory


def serve_jobs(ranks: Ranks, payload: dict[str, Any]) -> Any:
    """Rank 0 runs the jobs of the payload in order, some of them cancelled; the others follow."""
    backend = CpuBackend()
    mesh = open_mesh(
        backend,
        ranks,
        ulysses_size=payload.get("ulysses", ranks.size),
        guidance_size=payload.get("guidance", 1),
    )
    work = Calculation(mesh)
    lost: list[int] = []
    settle_seconds = 60.0 if ranks.is_leader else payload.get("followers_settle_seconds", 60.0)
    team = Team(mesh, backend, work, settle_seconds=settle_seconds, on_lost=lost.append)
    results: list[Any] = []
    if ranks.is_leader:
        for job, cancelled_at in payload["jobs"]:
            results.append((attempt(team, job, _cancel_at(cancelled_at)), list(work.passed)))
    else:
        team.follow()
    team.close()
    return {"results": results, "passed": work.passed, "lost": lost, "generation": mesh.generation}


def keep_nothing(ranks: Ranks, payload: Job) -> bool | None:
    """A job that fails; rank 0 tells whether its tensors are gone without a collection of garbage."""
    gc.disable()
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    work = Calculation(mesh)
    team = Team(mesh, backend, work, on_lost=lambda _: None)
    gone: bool | None = None
    if ranks.is_leader:
        attempt(team, payload, _cancel_at(2))
        gone = work.newest() is None
    else:
        team.follow()
    team.close()
    return gone


def end_with_a_lost_rank(ranks: Ranks, payload: Job) -> None:
    """A job during which a rank dies, in a team that nobody asked to do anything special then."""
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    team = Team(mesh, backend, Calculation(mesh))
    if ranks.is_leader:
        attempt(team, payload)
        threading.Event().wait()
    team.follow()


def ignore_termination(ranks: Ranks, payload: dict[str, Any]) -> Any:
    """Like `serve_jobs` with signals left to the leader, as the follower's entry of the host does."""
    if not ranks.is_leader:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return serve_jobs(ranks, payload)


class Recorder:
    """Work that returns what it was given, for comparing payloads."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, payload: Any, gate: Gate) -> int:
        self.seen.append(payload)
        gate.step(0)
        return len(self.seen)


def carry_payloads(ranks: Ranks, payload: list[Any]) -> list[Any]:
    """Send payloads to all ranks and return what each rank was given."""
    backend = CpuBackend()
    recorder = Recorder()
    team = Team(open_mesh(backend, ranks, ulysses_size=ranks.size), backend, recorder)
    if ranks.is_leader:
        for item in payload:
            team.run(item, _never)
    else:
        team.follow()
    team.close()
    return recorder.seen


def tell_settings(ranks: Ranks, payload: dict[str, str]) -> dict[str, str | None]:
    """What the environment says once the ranks are connected, when a launcher had set `payload`."""
    os.environ.update(payload)
    mesh = open_mesh(CpuBackend(), ranks, ulysses_size=ranks.size)
    mesh.close()
    return {name: os.environ.get(name) for name in payload}
