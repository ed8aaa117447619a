"""The reporter that turns an engine's words into messages of the Generate stream."""

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from polyreel_inference.host.engine import Stage
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.host.outbox import Outbox
from polyreel_inference.host.protocol import MAX_CHUNK_BYTES, MAX_PREVIEW_BYTES
from polyreel_inference.host.protocol import generation_pb2 as wire

_STAGES = {
    "loading": wire.STAGE_LOADING,
    "generating": wire.STAGE_GENERATING,
    "encoding": wire.STAGE_ENCODING,
}
_ROLES = frozenset({"result", "mask", "poster"})


class StreamedOutput:
    """Implements `OpenOutput`: cuts what comes into pieces of the stream."""

    def __init__(
        self, role: str, send: Callable[[wire.GenerateResponse], None], closed: Callable[[], None]
    ) -> None:
        self._role, self._send, self._closed = role, send, closed
        self._empty = True
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            return
        if self._empty:
            raise ValueError(f'output "{self._role}" is empty')
        self._ended = True
        self._closed()

    def write(self, data: bytes) -> None:
        """Send bytes in pieces. Raises `ValueError` after the end."""
        if self._ended:
            raise ValueError(f'output "{self._role}" has ended')
        for start in range(0, len(data), MAX_CHUNK_BYTES):
            piece = data[start : start + MAX_CHUNK_BYTES]
            self._send(wire.GenerateResponse(output_chunk=wire.OutputChunk(data=piece)))
            self._empty = False


class StreamReporter:
    """Implements `Reporter` for one job; used by one engine thread, cancelled from the event loop."""

    def __init__(self, outbox: Outbox) -> None:
        self.sent_roles: set[str] = set()
        """Roles of the outputs that are complete."""
        self._outbox = outbox
        self._open_role: str | None = None
        self._fraction = 0.0
        self._cancelled = False

    def cancel(self) -> None:
        """Make every following call of the engine raise `Cancelled`, also one that blocks now."""
        self._cancelled = True
        self._outbox.close(discard=True)

    def progress(
        self,
        stage: Stage,
        fraction: float,
        *,
        step: int = 0,
        steps: int = 0,
        chunk: int = 0,
        chunks: int = 0,
        message: str = "",
        remaining_seconds: float | None = None,
    ) -> None:
        """Send progress; a fraction that falls or is no number is replaced by the last one."""
        if fraction > self._fraction:
            self._fraction = min(1.0, fraction)
        if remaining_seconds is not None and not (
            math.isfinite(remaining_seconds) and remaining_seconds >= 0
        ):
            remaining_seconds = None
        self._send(
            wire.GenerateResponse(
                progress=wire.Progress(
                    stage=_STAGES[stage],
                    fraction=self._fraction,
                    step=step,
                    steps=steps,
                    chunk=chunk,
                    chunks=chunks,
                    message=message,
                    remaining_seconds=remaining_seconds,
                )
            )
        )

    def preview(self, media_type: str, data: bytes) -> None:
        """Send an intermediate picture. Raises `ValueError` above 256 KiB."""
        if not 1 <= len(data) <= MAX_PREVIEW_BYTES:
            raise ValueError(f"a preview must have 1 to {MAX_PREVIEW_BYTES} bytes, not {len(data)}")
        self._send(wire.GenerateResponse(preview=wire.Preview(media_type=media_type, data=data)))

    def output(self, role: str, media_type: str, path: Path) -> None:
        """Send a file in pieces. Raises `ValueError` for an unknown or repeated role or an empty file."""
        with path.open("rb") as file, self.open_output(role, media_type) as output:
            while piece := file.read(MAX_CHUNK_BYTES):
                output.write(piece)

    def open_output(self, role: str, media_type: str) -> StreamedOutput:
        """Begin an output. Raises `ValueError` for an unknown or repeated role or while one is open."""
        if role not in _ROLES or role in self.sent_roles:
            raise ValueError(f'output "{role}" is unknown or was sent before')
        if self._open_role is not None:
            raise ValueError(f'output "{role}" cannot begin while "{self._open_role}" is open')
        self._open_role = role
        self._send(wire.GenerateResponse(output_start=wire.OutputStart(role=role, media_type=media_type)))
        return StreamedOutput(role, self._send, self._closed)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the job was cancelled."""
        if self._cancelled:
            raise Cancelled

    def _closed(self) -> None:
        self.sent_roles.add(str(self._open_role))
        self._open_role = None

    def _send(self, message: wire.GenerateResponse) -> None:
        if self._cancelled or not self._outbox.put(message):
            raise Cancelled
