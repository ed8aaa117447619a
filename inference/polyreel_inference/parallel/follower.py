"""The other ranks of a team: do what the leader hands out and report how it went."""

import logging
import queue
import threading
from collections import deque

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel.deadline import Deadline, end_process
from polyreel_inference.parallel.errors import CollectiveFailed, Stopped
from polyreel_inference.parallel.gate import Gate, Work
from polyreel_inference.parallel.link import Link
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.messages import Abort, Begin, Close, Finish, Pass, Report, Stop

_logger = logging.getLogger("polyreel")


class Follower:
    """Works in the calling thread; another one listens, so that an abort reaches it while it is blocked.

    It listens from the beginning: a leader that ends while this rank still reads its weights ends it too.
    """

    def __init__(self, mesh: Mesh, backend: Backend, work: Work, link: Link, settle_seconds: float) -> None:
        self._mesh = mesh
        self._backend = backend
        self._work = work
        self._link = link
        self._settle_seconds = settle_seconds
        self._deadline = Deadline(settle_seconds)
        self._orders: queue.SimpleQueue[Begin | Close] = queue.SimpleQueue()
        self._state = threading.Condition()
        self._working = False
        self._passes: deque[Pass] = deque()
        self._ending: Stop | Abort | Finish | None = None
        self._closing = False
        threading.Thread(target=self._listen, name="leader", daemon=True).start()

    def follow(self) -> None:
        """Serve until the leader closes the team; a leader that dies takes this process with it."""
        while isinstance(order := self._orders.get(), Begin):
            self._serve(order)
            del order  # the payload must not stay in memory until the next one comes

    def close(self) -> None:
        """End the connection to the leader."""
        self._closing = True
        self._link.close()

    def wait_at_gate(self, done: int) -> None:
        """Return once the leader has passed the gate after `done` steps; raise `Stopped` if the job ends."""
        with self._state:
            self._state.wait_for(lambda: self._passes or self._ending is not None)
            if isinstance(self._ending, Abort):
                raise Stopped("Another rank has failed.")
            if not self._passes and isinstance(self._ending, Stop):
                raise Stopped("The leader has ended the job.")
            if not self._passes or self._passes.popleft().done != done:
                raise RuntimeError(f"The leader has no such gate after {done} steps: the ranks disagree.")

    def _serve(self, order: Begin) -> None:
        self._connect(order)
        try:
            self._work(order.payload, _FollowerGate(self))
            report = Report("done")
        except Exception as error:  # noqa: BLE001 - the job fails, not the process
            report = self._report_of(error, order.number)
            if not self._backend.is_usable():
                end_process("its device cannot be used any more")
        with self._state:
            self._working = False
            self._deadline.cancel()
            broken = isinstance(self._ending, Abort) or report.outcome in ("failed", "cut off")
        # The cause has to be on its way before others can see the connections break.
        self._send(report)
        if broken:
            with self._deadline:
                self._mesh.disconnect()
            self._backend.free_memory()

    def _connect(self, order: Begin) -> None:
        try:
            self._mesh.connect(order.generation)
        except Exception as error:  # noqa: BLE001 - told to the leader
            self._send(self._report_of(error, order.number))
            end_process("the ranks cannot be connected")

    def _report_of(self, error: Exception, number: int) -> Report:
        with self._state:
            told = isinstance(self._ending, Abort)
        if told or isinstance(error, Stopped):
            return Report("stopped")
        if isinstance(error, CollectiveFailed):
            # Libraries of collectives need memory of the device for themselves.
            return Report("cut off", str(error), out_of_memory=self._backend.is_out_of_memory(error))
        _logger.error("job %d failed on rank %d", number, self._mesh.ranks.rank, exc_info=error)
        text = f"{type(error).__name__}: {error}"
        return Report("failed", text, out_of_memory=self._backend.is_out_of_memory(error))

    def _send(self, report: Report) -> None:
        try:
            self._link.send(report)
        except OSError:
            return  # the listening thread sees the leader's end as well, and ends the process

    def _listen(self) -> None:
        while True:
            try:
                message = self._link.receive()
            except Exception as error:  # noqa: BLE001 - deaf to the leader, this process would hang for good
                if self._closing:
                    return
                known = isinstance(error, EOFError | OSError)
                end_process("the leader of its team has ended" if known else f"not understood: {error!r}")
            if isinstance(message, Close):
                self._orders.put(message)
                return
            self._take(message)

    def _take(self, message: Begin | Pass | Stop | Abort | Finish) -> None:
        with self._state:
            if isinstance(message, Begin):
                self._working, self._ending = True, None
                self._passes.clear()
                self._orders.put(message)
            elif isinstance(message, Pass):
                self._passes.append(message)
            elif self._ending is None or isinstance(message, Abort):
                self._ending = message
            if isinstance(message, Abort) and self._working:
                self._deadline.start()
            self._state.notify_all()
        if isinstance(message, Abort):
            # With a deadline of its own: the job's may have ended, and this thread must go on listening.
            with Deadline(self._settle_seconds):
                self._mesh.abort()


class _FollowerGate(Gate):
    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def step(self, done: int) -> None:
        self._follower.wait_at_gate(done)
