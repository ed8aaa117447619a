"""Reading of a job's first message: everything that can be refused before its bytes arrive."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, NoReturn

from polyreel_inference.host.description import KIND_TO_WIRE
from polyreel_inference.host.engine import EngineDescription, Kind
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.host.inputs import check_announcements, next_request
from polyreel_inference.host.parameters import validated
from polyreel_inference.host.protocol import generation_pb2 as wire

_KIND_FROM_WIRE = {number: kind for kind, number in KIND_TO_WIRE.items()}


@dataclass(frozen=True)
class Order:
    """What a valid first message asks for."""

    start: wire.GenerateStart
    kind: Kind
    parameters: dict[str, Any]


async def read_start(
    requests: AsyncIterator[wire.GenerateRequest], idle_seconds: float
) -> wire.GenerateStart:
    """The first message of a call. Raises `EngineError` when it is not a complete `start`."""
    request = await next_request(requests, idle_seconds)
    if request is None or request.WhichOneof("part") != "start":
        _refuse("The first message must be the start of a job.")
    if not request.start.task_id:
        _refuse("The task id is missing.")
    return request.start


def check_start(start: wire.GenerateStart, description: EngineDescription, max_input_bytes: int) -> Order:
    """Check the start against what the engine describes. Raises `EngineError`."""
    kind = _kind(start, description)
    check_announcements(kind.inputs, start.inputs, max_input_bytes)
    return Order(start, kind, validated(kind.parameters, start.parameters))


def _kind(start: wire.GenerateStart, description: EngineDescription) -> Kind:
    model = next((model for model in description.models if model.name == start.model), None)
    if model is None:
        names = ", ".join(model.name for model in description.models)
        _refuse(f'This engine has no model "{start.model[:60]}"; it has: {names}.')
    wanted = _KIND_FROM_WIRE.get(start.kind)
    for kind in model.kinds:
        if kind.kind == wanted:
            return kind
    kinds = ", ".join(kind.kind for kind in model.kinds)
    _refuse(f'The model "{model.name}" cannot make {wanted or "this kind of task"}; it makes: {kinds}.')


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
