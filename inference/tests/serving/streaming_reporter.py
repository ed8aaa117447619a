"""A reporter that remembers, also how much was sent before which step, and cancels when a test wants it."""

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from polyreel_inference.host.engine import Stage
from polyreel_inference.host.errors import Cancelled

_TYPES = {"result": "video/mp4", "mask": "video/mp4", "poster": "image/jpeg"}


@dataclass(frozen=True)
class Report:
    """One progress report, and the bytes of the result that were sent before it."""

    stage: Stage
    fraction: float
    step: int
    steps: int
    chunk: int
    chunks: int
    remaining_seconds: float | None
    sent: int


@dataclass
class RememberingReporter:
    """Keeps what an engine says; the report number `cancel_at` (from 1) finds the job cancelled."""

    cancel_at: int | None = None
    reports: list[Report] = field(default_factory=list)
    outputs: dict[str, bytes] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)

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
        sent = len(self.outputs.get("result", b""))
        self.reports.append(Report(stage, fraction, step, steps, chunk, chunks, remaining_seconds, sent))
        self.check_cancelled()

    def preview(self, media_type: str, data: bytes) -> None:
        raise AssertionError(f"no preview is expected here, not even {media_type} of {len(data)} bytes")

    def output(self, role: str, media_type: str, path: Path) -> None:
        with self.open_output(role, media_type) as output:
            output.write(path.read_bytes())

    def open_output(self, role: str, media_type: str) -> "RememberedOutput":
        assert media_type == _TYPES[role]
        assert role not in self.outputs
        self.outputs[role] = b""
        return RememberedOutput(self, role)

    def check_cancelled(self) -> None:
        if self.cancel_at is not None and len(self.reports) >= self.cancel_at:
            raise Cancelled


class RememberedOutput:
    """Appends to the reporter's outputs."""

    def __init__(self, reporter: RememberingReporter, role: str) -> None:
        self._reporter, self._role = reporter, role

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._reporter.complete.append(self._role)

    def write(self, data: bytes) -> None:
        self._reporter.outputs[self._role] += data
