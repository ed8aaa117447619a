"""Processes of a team that die, hang, or lose their device: what each rank does."""

import logging
import os
import signal
import threading
from typing import Any

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.parallel import deadline, process_groups
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.parallel.team_jobs import Calculation, Job, Recorder, attempt


def end_without_words(ranks: Ranks, payload: None) -> None:
    """End a process whose log nobody reads."""
    deadline._WORDS_SECONDS = 0.05

    class Unread(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            threading.Event().wait()

    logging.getLogger("polyreel").addHandler(Unread())
    deadline.end_process("a test")


class Lost:
    """Takes down which rank was lost."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._rank = -1

    def __call__(self, rank: int) -> None:
        self._rank = rank
        self._told.set()

    def wait(self) -> int:
        """Wait for it."""
        assert self._told.wait(60)
        return self._rank


class Unabortable(Mesh):
    """Connections whose library does not come back from aborting them."""

    def abort(self) -> None:
        threading.Event().wait()


def hang_while_aborting(ranks: Ranks, payload: Job) -> Any:
    """A job that fails on rank 0, and followers that cannot abort; rank 0 waits for what becomes of them."""
    backend = CpuBackend()
    process_groups.join_all()
    mesh = (Mesh if ranks.is_leader else Unabortable)(ranks, backend, ulysses_size=ranks.size)
    mesh.connect(1)
    lost = Lost()
    # Those that hang are given up soon; rank 0, which does not, gets the time a busy machine takes.
    settle_seconds = 60.0 if ranks.is_leader else 0.2
    team = Team(mesh, backend, Calculation(mesh), settle_seconds=settle_seconds, on_lost=lost)
    if not ranks.is_leader:
        team.follow()
    return attempt(team, payload), lost.wait()


class Unclosable(Mesh):
    """Connections whose library does not come back from closing them."""

    def close(self) -> None:
        threading.Event().wait()


def hang_while_closing(ranks: Ranks, payload: None) -> None:
    """Close a team whose connections cannot be."""
    team = Team(Unclosable(ranks), CpuBackend(), Recorder(), settle_seconds=0.2)
    team.close()


class Broken(CpuBackend):
    """A device that a failed kernel has left in no state to go on."""

    def synchronize(self) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


def fail_with_the_device(ranks: Ranks, payload: Job) -> Any:
    """A job that takes the device of each follower with it."""
    backend = CpuBackend() if ranks.is_leader else Broken()
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    lost: list[int] = []
    team = Team(mesh, backend, Calculation(mesh), on_lost=lost.append)
    if not ranks.is_leader:
        team.follow()
    return attempt(team, payload), lost


def die_while_the_leader_loads(ranks: Ranks, payload: Job) -> Any:
    """Rank 1 dies behind the connecting; the leader hears of it without a job, and refuses the first one."""
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    lost = Lost()
    team = Team(mesh, backend, Calculation(mesh), on_lost=lost)
    if not ranks.is_leader:
        os.kill(os.getpid(), signal.SIGKILL)
    return lost.wait(), attempt(team, payload)


def die_while_others_load(ranks: Ranks, payload: None) -> None:
    """Rank 0 dies behind the connecting, while the others do not listen to it yet."""
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    Team(mesh, backend, Calculation(mesh))
    if ranks.is_leader:
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()
