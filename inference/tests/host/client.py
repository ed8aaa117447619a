"""A small client of the engine contract, as a worker would write it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from polyreel_inference.host.protocol import description_pb2, engine_service_pb2_grpc
from polyreel_inference.host.protocol import generation_pb2 as wire


def start_message(
    inputs: Mapping[str, bytes] | None = None,
    parameters: Mapping[str, Any] | None = None,
    kind: description_pb2.TaskKind = description_pb2.TASK_KIND_T2V,
    model: str = "scripted",
    task_id: str = "task-1",
) -> wire.GenerateRequest:
    """The first message of a call."""
    start = wire.GenerateStart(task_id=task_id, attempt=1, kind=kind, model=model)
    start.parameters.update(dict(parameters or {}))
    for role, data in (inputs or {}).items():
        start.inputs.add(role=role, media_type="application/octet-stream", size_bytes=len(data))
    return wire.GenerateRequest(start=start)


def chunk(role: str, data: bytes) -> wire.GenerateRequest:
    """One piece of an input."""
    return wire.GenerateRequest(input_chunk=wire.InputChunk(role=role, data=data))


def request_messages(inputs: Mapping[str, bytes], **start: Any) -> list[wire.GenerateRequest]:
    """A complete, well-formed request."""
    pieces = [
        chunk(role, data[i : i + 2**20]) for role, data in inputs.items() for i in range(0, len(data), 2**20)
    ]
    return [start_message(inputs, **start), *pieces]


@dataclass
class Outcome:
    """All a call answered."""

    effective: dict[str, Any] = field(default_factory=dict)
    progress: list[wire.Progress] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    outputs: dict[str, bytes] = field(default_factory=dict)
    completed: wire.GenerateCompleted | None = None
    parts: list[str] = field(default_factory=list)


class Client:
    """Calls one engine."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.aio.insecure_channel(address)
        self.stub = engine_service_pb2_grpc.EngineServiceStub(self.channel)

    async def describe(self) -> description_pb2.DescribeResponse:
        answer: description_pb2.DescribeResponse = await self.stub.Describe(description_pb2.DescribeRequest())
        return answer

    async def until(self, state: int) -> description_pb2.DescribeResponse:
        """Ask until the engine is in `state`; the test's own timeout bounds it."""
        while (answer := await self.describe()).state != state:
            pass
        return answer

    def call(self, messages: Iterable[wire.GenerateRequest]) -> Any:
        """Start a Generate call."""

        async def send() -> AsyncIterator[wire.GenerateRequest]:
            for message in messages:
                yield message

        return self.stub.Generate(send())

    async def generate(self, messages: Iterable[wire.GenerateRequest]) -> Outcome:
        """Run a job to its end."""
        outcome, role = Outcome(), ""
        async for answer in self.call(messages):
            part = answer.WhichOneof("part")
            outcome.parts.append(part)
            match part:
                case "accepted":
                    outcome.effective = dict(answer.accepted.effective_parameters)
                case "progress":
                    outcome.progress.append(answer.progress)
                case "preview":
                    outcome.previews.append(answer.preview.data)
                case "output_start":
                    role = answer.output_start.role
                    outcome.outputs[role] = b""
                case "output_chunk":
                    assert len(answer.output_chunk.data) <= 2**20
                    outcome.outputs[role] += answer.output_chunk.data
                case "completed":
                    outcome.completed = answer.completed
        return outcome

    async def failure(
        self, messages: Iterable[wire.GenerateRequest]
    ) -> tuple[grpc.StatusCode, str, bool, str]:
        """Run a job that fails: status, error code, retryable, text."""
        try:
            await self.generate(messages)
        except grpc.aio.AioRpcError as error:
            trailers = dict(tuple(error.trailing_metadata()))
            code, retryable = trailers["polyreel-error-code"], trailers["polyreel-error-retryable"]
            return error.code(), str(code), retryable == "true", str(error.details())
        raise AssertionError("the job succeeded")
