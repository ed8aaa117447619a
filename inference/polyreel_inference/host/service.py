"""The gRPC service around an engine."""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from polyreel_inference.host import description, log
from polyreel_inference.host.admission import Order, check_start, read_start
from polyreel_inference.host.engine import Engine, Job
from polyreel_inference.host.errors import EngineBroken, ErrorCode, status_of
from polyreel_inference.host.inputs import discard_rest, receive_inputs
from polyreel_inference.host.protocol import description_pb2, engine_service_pb2_grpc
from polyreel_inference.host.protocol import generation_pb2 as wire
from polyreel_inference.host.running_job import RunningJob
from polyreel_inference.host.slots import Slot, Slots
from polyreel_inference.host.workspaces import Workspaces

if TYPE_CHECKING:
    # Generic in its stubs only, not at run time.
    DescribeContext = grpc.aio.ServicerContext[
        description_pb2.DescribeRequest, description_pb2.DescribeResponse
    ]
    GenerateContext = grpc.aio.ServicerContext[wire.GenerateRequest, wire.GenerateResponse]

_LONGEST_TEXT = 2000
"""Bytes of a status message; peers take trailers up to 8 KiB, and percent-encoding triples some texts."""


@dataclass(frozen=True)
class Limits:
    """`max_input_bytes` of all inputs of a job together; `input_idle_seconds` between two of their pieces."""

    max_input_bytes: int = 4 * 1024**3
    input_idle_seconds: float = 60.0


@dataclass
class _Call:
    """What the log tells of a call: facts of its job, and whether the caller has been sent all of it."""

    facts: dict[str, object] = field(default_factory=dict)
    completed: bool = False


class EngineService(engine_service_pb2_grpc.EngineServiceServicer):
    """Describe and Generate, as proto/polyreel/engine/v1/engine_service.proto defines them.

    `threads` needs one thread per slot: jobs run there and nowhere else.
    """

    def __init__(
        self, engine: Engine, slots: Slots, workspaces: Workspaces, threads: Executor, limits: Limits
    ) -> None:
        self._engine = engine
        self._description = engine.describe()
        self._slots = slots
        self._workspaces = workspaces
        self._threads = threads
        self._limits = limits
        self.broken = asyncio.Event()
        """Set when a job has shown that the engine cannot run another one."""
        self._running: set[RunningJob] = set()
        self._settling: set[asyncio.Task[None]] = set()

    async def Describe(  # noqa: N802 - the name of the contract
        self,
        request: description_pb2.DescribeRequest,  # noqa: ARG002 - it carries nothing
        context: "DescribeContext",  # noqa: ARG002
    ) -> description_pb2.DescribeResponse:
        """Answers in every state."""
        return description.to_wire(self._description, self._slots.state, self._slots.message)

    async def Generate(  # noqa: N802 - the name of the contract
        self,
        requests: AsyncIterator[wire.GenerateRequest],
        context: "GenerateContext",
    ) -> None:
        """Runs one job; every failure becomes a status of the table in `errors`."""
        call = _Call()
        try:
            await self._generate(requests, context, call)
        except asyncio.CancelledError:
            # Who hangs up with everything in hand has cancelled nothing.
            ended = "job succeeded" if call.completed else "job cancelled by the caller"
            log.event(logging.INFO, ended, **call.facts)
            raise
        except Exception as error:  # noqa: BLE001 - the edge: whatever happened, the caller gets a status
            if isinstance(error, EngineBroken):
                self.broken.set()
            status = status_of(error)
            unexpected = status.code is ErrorCode.INTERNAL
            level = logging.ERROR if unexpected else logging.INFO
            trace = error if unexpected else None
            log.event(level, "job failed", trace, code=status.code, text=status.text, **call.facts)
            await discard_rest(requests)
            text = status.text.encode()[:_LONGEST_TEXT].decode(errors="ignore")
            await context.abort(status.grpc_code, text, status.trailing_metadata())

    def cancel_all(self, reason: Exception) -> None:
        """Stop all running jobs; their calls end with `reason`."""
        for job in self._running:
            job.cancel(reason)

    async def until_settled(self, seconds: float) -> None:
        """Wait, at most so long, until the threads of all jobs have ended."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=seconds)

    async def _generate(
        self,
        requests: AsyncIterator[wire.GenerateRequest],
        context: "GenerateContext",
        call: "_Call",
    ) -> None:
        start = await read_start(requests, self._limits.input_idle_seconds)
        call.facts.update(task_id=start.task_id, attempt=start.attempt, model=start.model)
        self._slots.require_serving()
        order = check_start(start, self._description, self._limits.max_input_bytes)
        job, settled = await self._begin(order, requests)
        log.event(logging.INFO, "job started", kind=order.kind.kind, **call.facts)
        try:
            async for message in job.messages():
                call.completed = message.HasField("completed")
                await context.write(message)
        except Exception:
            if not job.cancelled:
                job.cancel()
                await asyncio.shield(settled)
            raise
        except asyncio.CancelledError:
            job.cancel()
            raise
        # The caller may come back as soon as it knows the outcome, so the slot has to be free by then.
        await asyncio.shield(settled)
        log.event(logging.INFO, "job succeeded", **call.facts)

    async def _begin(
        self, order: Order, requests: AsyncIterator[wire.GenerateRequest]
    ) -> tuple[RunningJob, "asyncio.Task[None]"]:
        """Take a slot, receive the inputs and start the engine, whose thread then owns slot and workspace."""
        slot = self._slots.take()
        workspace: Path | None = None
        try:
            workspace = self._workspaces.create()
            start = order.start
            inputs = await receive_inputs(requests, start.inputs, workspace, self._limits.input_idle_seconds)
            spec = Job(
                task_id=start.task_id,
                attempt=start.attempt,
                kind=order.kind.kind,
                model=start.model,
                parameters=order.parameters,
                inputs=inputs,
                workspace=workspace,
            )
            job = RunningJob(self._engine, spec, self._threads)
        except BaseException:
            slot.release()
            if workspace is not None:
                self._workspaces.remove(workspace)
            raise
        self._running.add(job)
        settled = asyncio.create_task(self._settle(job, slot, workspace))
        self._settling.add(settled)
        settled.add_done_callback(self._settling.discard)
        return job, settled

    async def _settle(self, job: RunningJob, slot: Slot, workspace: Path) -> None:
        """Give slot and workspace back when the engine's thread has really ended."""
        await asyncio.wait([job.ended])
        self._running.discard(job)
        await asyncio.to_thread(self._workspaces.remove, workspace)
        slot.release()
