"""Receiving of the announced inputs: from the stream straight into files, nothing held in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from polyreel_inference.host.engine import InputFile, InputRole
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.host.protocol import MAX_CHUNK_BYTES
from polyreel_inference.host.protocol import generation_pb2 as wire

_DISCARD_SECONDS = 2.0
_DISCARD_IDLE_SECONDS = 0.05


def check_announcements(
    roles: Sequence[InputRole], announced: Sequence[wire.InputAnnouncement], max_total_bytes: int
) -> None:
    """Check what a request announces before any byte arrives. Raises `EngineError`."""
    known = {role.role for role in roles}
    given: set[str] = set()
    for announcement in announced:
        role = announcement.role
        if role not in known:
            allowed = ", ".join(sorted(known)) or "none"
            _refuse(f'This kind of task takes no input "{role[:60]}"; allowed are: {allowed}.')
        if role in given:
            _refuse(f'The input "{role}" is announced twice.')
        if not announcement.media_type or announcement.size_bytes < 1:
            _refuse(f'The input "{role}" needs a media type and at least one byte.')
        given.add(role)
    _check_presence(roles, given)
    total = sum(announcement.size_bytes for announcement in announced)
    if total > max_total_bytes:
        raise EngineError(
            ErrorCode.INPUT_TOO_LARGE,
            f"The inputs have {total} bytes together; this engine takes at most {max_total_bytes}.",
        )


def _check_presence(roles: Sequence[InputRole], given: set[str]) -> None:
    groups: dict[str, list[InputRole]] = {}
    for role in roles:
        groups.setdefault(role.group or f"alone:{role.role}", []).append(role)
    for members in groups.values():
        names = [member.role for member in members]
        present = given.intersection(names)
        if len(present) > 1:
            _refuse(f"Only one of the inputs {_listed(names)} may be given.")
        if not present and any(member.required for member in members):
            one = "The input" if len(names) == 1 else "One of the inputs"
            _refuse(f"{one} {_listed(names)} is required.")


async def receive_inputs(
    requests: AsyncIterator[wire.GenerateRequest],
    announced: Sequence[wire.InputAnnouncement],
    folder: Path,
    idle_seconds: float,
) -> dict[str, InputFile]:
    """Write the inputs to files in `folder`, in the announced order, until the caller half-closes.

    Raises `EngineError` INVALID_INPUT when the stream breaks the contract, and ENGINE_LOST when nothing comes
    for `idle_seconds`, because a silent caller would hold the slot forever.
    """
    received: dict[str, InputFile] = {}
    for announcement in announced:
        # A role is a word of the engine's own description here, so it is safe in a file name.
        path = folder / f"input-{announcement.role}"
        with path.open("wb") as file:
            await _receive_one(requests, announcement, file, idle_seconds)
        received[announcement.role] = InputFile(
            announcement.role, path, announcement.media_type, announcement.size_bytes
        )
    if await next_request(requests, idle_seconds) is not None:
        _refuse("More data arrived than the inputs announced.")
    return received


async def _receive_one(
    requests: AsyncIterator[wire.GenerateRequest],
    announcement: wire.InputAnnouncement,
    file: BinaryIO,
    idle_seconds: float,
) -> None:
    role, missing = announcement.role, announcement.size_bytes
    while missing > 0:
        request = await next_request(requests, idle_seconds)
        if request is None:
            _refuse(f'The input "{role}" ended {missing} bytes before its announced size.')
        if request.WhichOneof("part") != "input_chunk":
            _refuse("After the first message only pieces of inputs may follow.")
        chunk = request.input_chunk
        if chunk.role != role:
            _refuse(f'Expected the input "{role}", got bytes of "{chunk.role[:60]}".')
        if not 1 <= len(chunk.data) <= MAX_CHUNK_BYTES:
            _refuse(f"A piece of an input must have 1 to {MAX_CHUNK_BYTES} bytes.")
        if len(chunk.data) > missing:
            _refuse(f'The input "{role}" is longer than its announced {announcement.size_bytes} bytes.')
        await asyncio.to_thread(file.write, chunk.data)
        missing -= len(chunk.data)


async def next_request(
    requests: AsyncIterator[wire.GenerateRequest], idle_seconds: float
) -> wire.GenerateRequest | None:
    """The next message, None after the half-close. Raises `EngineError` ENGINE_LOST after `idle_seconds`."""
    try:
        async with asyncio.timeout(idle_seconds):
            return await anext(requests, None)
    except TimeoutError:
        raise EngineError(ErrorCode.ENGINE_LOST, "The inputs stopped arriving.") from None


async def discard_rest(requests: AsyncIterator[wire.GenerateRequest]) -> None:
    """Read on for a moment after a refusal, as long as messages keep arriving.

    A call that ends while its caller still sends makes some client libraries report the failed write instead
    of the status that explains it.
    """
    with suppress(TimeoutError, EngineError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while await next_request(requests, _DISCARD_IDLE_SECONDS) is not None:
                pass


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
