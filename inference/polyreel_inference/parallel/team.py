"""All ranks doing the same job at the same time, told by rank 0."""

import logging
import os
import signal
from collections.abc import Callable
from typing import Any

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel.deadline import Deadline
from polyreel_inference.parallel.follower import Follower
from polyreel_inference.parallel.gate import Check, SingleGate, Work
from polyreel_inference.parallel.leader import Leader
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.star import connect_followers, connect_leader

SETTLE_SECONDS = 60.0
"""Time every rank gets to end its part of a job that another one has failed."""

_logger = logging.getLogger("polyreel")


def _end_engine(rank: int) -> None:
    _logger.critical("without rank %d this process can only end, to be started again", rank)
    os.kill(os.getpid(), signal.SIGTERM)


class Team:
    """Runs `work` on every rank with the same payload; a mesh has one team.

    All ranks have to construct it at the same time. Rank 0 then calls `run` for each job, the others
    `follow`; with one rank `run` is a plain call. A rank that fails fails the job, not the team: ranks that
    are blocked in an exchange with it are released, and the next job gets new connections.

    `on_lost` is called, from another thread, when a rank has ended or hangs; by default the process ends as
    after SIGTERM, because only starting all ranks again helps then.
    """

    def __init__(
        self,
        mesh: Mesh,
        backend: Backend,
        work: Work,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        on_lost: Callable[[int], None] = _end_engine,
    ) -> None:
        self.mesh = mesh
        self._work = work
        self._leader: Leader | None = None
        self._follower: Follower | None = None
        self._deadline = Deadline(settle_seconds)
        if mesh.ranks.size == 1:
            return
        if mesh.ranks.is_leader:
            self._leader = Leader(mesh, work, connect_followers(mesh.ranks), settle_seconds, on_lost)
        else:
            self._follower = Follower(mesh, backend, work, connect_leader(mesh.ranks), settle_seconds)

    def run(self, payload: Any, check: Check) -> Any:
        """Run `work` with `payload` on all ranks and return rank 0's result; only rank 0 calls it.

        The payload is pickled but for its tensors, which the other ranks receive on the CPU. `check` is
        called at every gate with the steps done and ends the job by raising. Raises what `work` raised on
        rank 0, `RankFailed` when it failed elsewhere, and `RankLost` when the team has to be started again.
        """
        if self._follower is not None:
            raise RuntimeError("Only rank 0 hands out jobs; the others follow.")
        if self._leader is not None:
            return self._leader.run(payload, check)
        return self._work(payload, SingleGate(check))

    def follow(self) -> None:
        """On the other ranks: do rank 0's jobs until it closes the team; its death ends this process."""
        if self._follower is None:
            raise RuntimeError("Rank 0 leads; only the others follow.")
        self._follower.follow()

    def close(self) -> None:
        """Let the followers return, and close the connections of the mesh; that may not last for good."""
        if self._leader is not None:
            self._leader.close()
        if self._follower is not None:
            self._follower.close()
        with self._deadline:
            self.mesh.close()
