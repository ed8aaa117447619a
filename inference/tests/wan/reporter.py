"""A reporter that remembers, and cancels when a test wants it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyreel_inference.host.engine import OpenOutput, Stage
from polyreel_inference.host.errors import Cancelled


@dataclass
class RememberingReporter:
    """Keeps what an engine says; the report number `cancel_at` (from 1) finds the job cancelled."""

    cancel_at: int | None = None
    stages: list[tuple[Stage, int, int]] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    remaining: list[float | None] = field(default_factory=list)
    outputs: dict[str, tuple[str, Path]] = field(default_factory=dict)

    def progress(self, stage: Stage, fraction: float, *, step: int = 0, steps: int = 0, **rest: Any) -> None:
        self.stages.append((stage, step, steps))
        self.fractions.append(fraction)
        self.remaining.append(rest.get("remaining_seconds"))
        self.check_cancelled()

    def preview(self, media_type: str, data: bytes) -> None:
        raise AssertionError(f"no preview is expected here, not even {media_type} of {len(data)} bytes")

    def output(self, role: str, media_type: str, path: Path) -> None:
        assert role not in self.outputs
        self.outputs[role] = (media_type, path)

    def open_output(self, role: str, media_type: str) -> OpenOutput:
        raise AssertionError(f"the {role} of type {media_type} is expected as a file here")

    def check_cancelled(self) -> None:
        if self.cancel_at is not None and len(self.stages) >= self.cancel_at:
            raise Cancelled
