"""Running of jobs against the engine, and a reporter that remembers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyreel_inference.engines.preview.engine import PreviewEngine
from polyreel_inference.engines.preview.parameters import MODELS
from polyreel_inference.host.engine import Job, OpenOutput, Stage, TaskKind
from polyreel_inference.host.errors import Cancelled
from tests.serving.job_making import make_job

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@dataclass
class RememberingReporter:
    """Keeps what an engine says; cancels the job at the `cancel_at`-th check when that is given."""

    cancel_at: int | None = None
    checks: int = 0
    steps: list[tuple[Stage, float, int, int]] = field(default_factory=list)
    remaining: list[float | None] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    outputs: dict[str, tuple[str, Path]] = field(default_factory=dict)

    def progress(self, stage: Stage, fraction: float, *, step: int = 0, steps: int = 0, **rest: Any) -> None:
        self.steps.append((stage, fraction, step, steps))
        self.remaining.append(rest.get("remaining_seconds"))

    def preview(self, media_type: str, data: bytes) -> None:
        assert media_type == "image/jpeg"
        self.previews.append(data)

    def output(self, role: str, media_type: str, path: Path) -> None:
        assert role not in self.outputs
        self.outputs[role] = (media_type, path)

    def open_output(self, role: str, media_type: str) -> OpenOutput:
        raise AssertionError(f"the {role} of type {media_type} is expected as a file here")

    def check_cancelled(self) -> None:
        self.checks += 1
        if self.cancel_at is not None and self.checks >= self.cancel_at:
            raise Cancelled


@dataclass(frozen=True)
class Run:
    """A finished job."""

    job: Job
    resolved: dict[str, Any]
    message: str
    reporter: RememberingReporter

    @property
    def video(self) -> Path:
        return self.reporter.outputs["result"][1]


def job_of(folder: Path, kind: TaskKind, inputs: dict[str, Path], **given: Any) -> Job:
    """A job of one of the kinds."""
    offered = next(offer for offer in MODELS[0].kinds if offer.kind == kind)
    return make_job(folder, MODELS[0], inputs, kind=offered, **given)


def run_job(folder: Path, kind: TaskKind, inputs: dict[str, Path], **parameters: Any) -> Run:
    """Resolve and generate."""
    engine, reporter = PreviewEngine(), RememberingReporter()
    job = job_of(folder, kind, inputs, **parameters)
    resolved = engine.resolve(job)
    return Run(job, resolved, engine.generate(job, reporter), reporter)


def numbered(folder: Path) -> Iterator[Path]:
    """Fresh folders for several jobs of one test."""
    for number in range(1000):
        yield folder / f"job-{number}"
