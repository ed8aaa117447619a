"""One admitted job: the engine's thread, its messages and its end."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from concurrent.futures import Executor

from google.protobuf import struct_pb2

from polyreel_inference.host import log
from polyreel_inference.host.engine import Engine, Job
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.host.outbox import Outbox
from polyreel_inference.host.protocol import generation_pb2 as wire
from polyreel_inference.host.stream_reporter import StreamReporter


class RunningJob:
    """Runs the engine in a thread of `threads` and hands its messages to the event loop.

    A thread cannot be stopped from outside: `cancel` only makes the engine's next report raise. So it is
    `ended` a slot has to wait for, not the end of the call.
    """

    def __init__(self, engine: Engine, job: Job, threads: Executor) -> None:
        loop = asyncio.get_running_loop()
        self._engine = engine
        self._job = job
        self._outbox = Outbox(loop)
        self._reporter = StreamReporter(self._outbox)
        self._reason: Exception | None = None
        self._failure: Exception | None = None
        self.ended: asyncio.Future[None] = loop.run_in_executor(threads, self._run)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called; the thread may still run then."""
        return self._reason is not None

    def cancel(self, reason: Exception | None = None) -> None:
        """Stop the job at the engine's next report; `messages` then raises `reason` (None: `Cancelled`)."""
        self._reason = self._reason or reason or Cancelled()
        self._reporter.cancel()

    async def messages(self) -> AsyncIterator[wire.GenerateResponse]:
        """Everything the engine reports; then the reason of its failure, if any, is raised."""
        while (message := await self._outbox.get()) is not None:
            yield message
        failure = self._reason or self._failure
        if failure is not None:
            raise failure

    def _run(self) -> None:
        """What the engine's thread does. Failures are kept for `messages`, not raised into the future."""
        try:
            self._work()
        except Cancelled:
            # A new one: the frames of the caught one hold the engine's tensors.
            self._failure = Cancelled()
        except BaseException as error:  # noqa: BLE001 - an engine may raise anything; `status_of` sorts it
            if self._reason is not None:
                # The call has ended with another reason; without this line nobody would learn of the error.
                log.event(logging.WARNING, "engine failed after the cancel", error, task_id=self._job.task_id)
            _clear_frames(error)
            self._failure = error if isinstance(error, Exception) else _contained(error)
        finally:
            self._outbox.close()

    def _work(self) -> None:
        began = time.monotonic()
        self._reporter.check_cancelled()
        effective = struct_pb2.Struct()
        effective.update(self._engine.resolve(self._job))
        accepted = wire.GenerateAccepted(effective_parameters=effective)
        self._outbox.put(wire.GenerateResponse(accepted=accepted))
        text = self._engine.generate(self._job, self._reporter)
        if "result" not in self._reporter.sent_roles:
            self._reporter.check_cancelled()
            raise RuntimeError("the engine ended without a result")
        completed = wire.GenerateCompleted(message=text, engine_seconds=time.monotonic() - began)
        self._outbox.put(wire.GenerateResponse(completed=completed))


def _clear_frames(error: BaseException) -> None:
    """Empty the frames an error came through, and those it was raised from or during.

    They hold the engine's tensors, whose memory must be free for the next job at once.
    """
    related, seen = [error], set[int]()
    while related:
        one = related.pop()
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        further = (other for other in (one.__cause__, one.__context__) if other is not None)
        related += (other for other in further if id(other) not in seen)


def _contained(error: BaseException) -> RuntimeError:
    """Keep what is meant to end a thread or the interpreter, SystemExit for one, from ending the host."""
    failure = RuntimeError(f"the engine raised {type(error).__name__}")
    failure.__cause__ = error
    return failure
