"""Fractions and remaining time, by a clock the tests set."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest

from polyreel_inference.serving.progress import DecodingPace, JobProgress, Workload


@dataclass
class Said:
    """Keeps every report as a dictionary."""

    reports: list[dict[str, Any]] = field(default_factory=list)

    def progress(self, stage: str, fraction: float, **rest: Any) -> None:
        self.reports.append({"stage": stage, "fraction": fraction, **rest})

    def preview(self, media_type: str, data: bytes) -> None:
        raise AssertionError("no preview is expected here")

    def output(self, *file: Any) -> None:
        raise AssertionError("no output is expected here")

    def open_output(self, role: str, media_type: str) -> NoReturn:
        raise AssertionError(f"no output is expected here, not even a {role} of {media_type}")

    def check_cancelled(self) -> None:
        raise AssertionError("progress alone notices a cancel")


def workload(chunks: int) -> Workload:
    return Workload(steps=2, chunk_frames=(5, *[4] * (chunks - 1)), frame_pixels=64 * 64)


def run(chunks: int, pace: DecodingPace) -> list[dict[str, Any]]:
    """Steps take 10 s (the very first 100 s), frames 1 s."""
    said, now = Said(), 0.0
    progress = JobProgress(said, workload(chunks), pace, lambda: now)
    progress.loading()
    frames = 0
    for chunk in range(chunks):
        for step in range(2):
            progress.step(chunk * 2 + step)
            now += 100.0 if chunk + step == 0 else 10.0
        for group in (1, 4) if chunk == 0 else (4,):
            now += group
            frames += group
            progress.decoded(frames)
    return said.reports


def test_the_fraction_rises_to_the_end_through_all_chunks() -> None:
    reports = run(2, DecodingPace())
    fractions = [report["fraction"] for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(0.99)
    stages = ["loading", *(["generating"] * 2 + ["encoding"] * 2), *(["generating"] * 2 + ["encoding"])]
    assert [report["stage"] for report in reports] == stages
    assert [(r["chunk"], r["chunks"], r["step"], r["steps"]) for r in reports[1:]] == [
        *[(1, 2, 0, 2), (1, 2, 1, 2), (1, 2, 2, 2), (1, 2, 2, 2)],
        *[(2, 2, 0, 2), (2, 2, 1, 2), (2, 2, 2, 2)],
    ]


def test_the_remaining_time_is_that_of_measured_steps_and_frames() -> None:
    reports = run(2, DecodingPace())
    remaining = [report.get("remaining_seconds") for report in reports]
    assert remaining[:2] == [None, None]
    # One step is known, and is all there is to judge by: 3 steps and 9 frames, 5 of which are like a step.
    assert remaining[2] == pytest.approx(3 * 100 + 100 * 9 / 5)
    # After the first four timed frames: two steps and four frames of one second.
    assert remaining[4] == pytest.approx(2 * 100 + 4)
    # The step that warmed up counts no more.
    assert remaining[6] == pytest.approx(1 * 10 + 4)
    assert remaining[7] == pytest.approx(0)


def test_the_pace_of_decoding_is_known_to_the_next_job() -> None:
    pace = DecodingPace()
    run(1, pace)
    assert run(1, pace)[2]["remaining_seconds"] == pytest.approx(100 + 5)
