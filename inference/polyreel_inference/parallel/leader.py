"""Rank 0 of a team: hands out jobs, decides at gates, and finds out how the others fared."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from polyreel_inference.parallel.deadline import Deadline
from polyreel_inference.parallel.errors import CollectiveFailed, RankFailed, RankLost, Stopped
from polyreel_inference.parallel.gate import Check, Gate, Work
from polyreel_inference.parallel.ledger import Ledger
from polyreel_inference.parallel.link import Link
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.messages import Abort, Begin, Close, Finish, Pass, Report, Stop
from polyreel_inference.parallel.payload import Packed, pack

_logger = logging.getLogger("polyreel")


class Leader:
    """Listens to every follower in a thread, so that it hears of a failure while its own work is blocked."""

    def __init__(
        self,
        mesh: Mesh,
        work: Work,
        links: dict[int, Link],
        settle_seconds: float,
        on_lost: Callable[[int], None],
    ) -> None:
        self._mesh = mesh
        self._work = work
        self._links = links
        self._settle_seconds = settle_seconds
        self._on_lost = on_lost
        self._generation = mesh.generation
        self._ledger = Ledger(set(links))
        self._deadline = Deadline(settle_seconds)
        self._working = False
        """Whether this rank's own part of the job goes on; changes while the ledger is held."""
        self._closing = False
        for rank, link in links.items():
            threading.Thread(target=self._listen, args=(rank, link), name=f"rank {rank}", daemon=True).start()

    def run(self, payload: Any, check: Check) -> Any:
        """See `Team.run`."""
        with self._ledger.changed:
            if self._ledger.lost is not None:
                raise RankLost(self._ledger.lost)
            # Packed first: a payload that cannot be is this job's failure, and no job has begun then.
            begin = pack(Begin(self._ledger.number + 1, self._generation, payload))
            self._ledger.begin()
            self._working = True
            self._send(begin)
            del begin
        gate = _LeaderGate(self, check)
        failure: BaseException | None = None
        result: Any = None
        try:
            self._connect()
            result = self._work(payload, gate)
        except BaseException as error:  # noqa: BLE001 - whatever happened, the other ranks have to hear of it
            failure = error
        self._end_own_part(failed=failure is not None and not gate.stopped)
        try:
            if (failure := self._settle(failure, stopped=gate.stopped)) is not None:
                raise failure
        finally:
            # Its traceback leads to this frame: they would keep each other, and the tensors of the job.
            del failure
        return result

    def close(self) -> None:
        """Let the followers end."""
        self._closing = True
        self._tell(Close())
        for link in self._links.values():
            link.close()

    def open_gate(self, done: int) -> None:
        """Let the followers pass after `done` steps. Raises `Stopped` when another rank has failed."""
        with self._ledger.changed:
            if self._ledger.aborted_by is not None:
                raise Stopped(f"Rank {self._ledger.aborted_by} has failed.")
            self._tell(Pass(done))

    def shut_gate(self) -> None:
        """Stop the followers at the gate this rank has come to."""
        with self._ledger.changed:
            self._tell(Stop())

    def _connect(self) -> None:
        try:
            self._mesh.connect(self._generation)
        except Exception as error:
            _logger.critical("the ranks cannot be connected", exc_info=error)
            with self._ledger.changed:
                self._lose(0)
            raise RankLost(0) from error

    def _end_own_part(self, *, failed: bool) -> None:
        with self._ledger.changed:
            if failed:
                self._abort(0)
            elif self._ledger.aborted_by is None:
                self._tell(Finish())
            self._working = False
            broken = self._ledger.aborted_by is not None
        if broken:
            # Before waiting for the others: they may be blocked until this rank closes its connections.
            self._disconnect()

    def _disconnect(self) -> None:
        with self._deadline:
            self._mesh.disconnect()

    def _settle(self, failure: BaseException | None, *, stopped: bool) -> BaseException | None:
        """Wait until the job has ended on all ranks, and return what it failed by."""
        ledger = self._ledger
        with ledger.changed:
            while ledger.missing and ledger.lost is None:
                # Ranks that do well may take their time; those that were told to end may not.
                limit = None if ledger.aborted_by is None else self._settle_seconds
                if not ledger.changed.wait(limit) and ledger.missing:
                    _logger.critical("ranks %s do not end their part", sorted(ledger.missing))
                    self._lose(min(ledger.missing))
            ledger.running = False
            lost, cause, aborted_by = ledger.lost, ledger.cause(), ledger.aborted_by
        if aborted_by is not None:
            self._disconnect()
            self._generation += 1
        follows = isinstance(failure, (Stopped, CollectiveFailed)) or aborted_by not in (None, 0)
        if failure is not None and (stopped or not follows):
            return failure
        answer: Exception
        if lost is not None:
            answer = RankLost(lost)
        elif cause is not None:
            rank, report = cause
            answer = RankFailed(rank, report.text, out_of_memory=report.out_of_memory)
        else:
            return failure
        answer.__cause__ = failure
        return answer

    def _listen(self, rank: int, link: Link) -> None:
        while True:
            try:
                report: Report = link.receive()
            except Exception as error:
                # Its end, or a message that is none: nothing this rank says is heard from here on.
                with self._ledger.changed:
                    if not self._closing:
                        _logger.critical("rank %d has ended or hangs", rank, exc_info=error)
                        self._lose(rank)
                return
            with self._ledger.changed:
                self._ledger.add(rank, report)
                if report.outcome in ("failed", "cut off"):
                    self._abort(rank)

    def _lose(self, rank: int) -> None:
        if self._ledger.lost is not None:
            return
        self._ledger.lost = rank
        if self._ledger.running:
            self._abort(rank)
        self._ledger.changed.notify_all()
        self._on_lost(rank)

    def _abort(self, rank: int) -> None:
        if self._ledger.aborted_by is not None:
            return
        self._ledger.aborted_by = rank
        self._ledger.changed.notify_all()
        if self._working:
            self._deadline.start()
        self._tell(Abort())
        if self._working:
            self._mesh.abort()

    def _tell(self, message: Any) -> None:
        self._send(pack(message))

    def _send(self, packed: Packed) -> None:
        for link in self._links.values():
            try:
                link.send_packed(packed)
            except OSError:
                continue  # the thread that listens to this rank sees its end as well, and acts


class _LeaderGate(Gate):
    def __init__(self, leader: Leader, check: Check) -> None:
        self._leader = leader
        self._check = check
        self.stopped = False

    def step(self, done: int) -> None:
        try:
            self._check(done)
        except BaseException:
            self.stopped = True
            self._leader.shut_gate()
            raise
        self._leader.open_gate(done)
