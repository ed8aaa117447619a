"""Progress: shares and remaining time by the frames done so far."""

import pytest

from polyreel_inference.engines.latentsync.progress import SyncProgress
from tests.serving.streaming_reporter import RememberingReporter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_follows_the_pace_so_far() -> None:
    clock, reporter = Clock(), RememberingReporter()
    progress = SyncProgress(reporter, 40, 16, clock)
    progress.step(0, 0, 4)
    clock.now += 9
    progress.step(0, 2, 4)
    # 7.2 of 40 frames' work took 9 s.
    assert [report.remaining_seconds for report in reporter.reports] == [None, pytest.approx(41)]
    clock.now += 11
    progress.denoised(0)
    progress.written(16)
    assert reporter.reports[-1].remaining_seconds == pytest.approx(20 / 16 * 24)
    clock.now += 10
    progress.step(16, 2, 4)
    assert reporter.reports[-1].remaining_seconds == pytest.approx(30 / 23.2 * 16.8)


def test_shares_rise_through_groups_and_end_before_one() -> None:
    reporter = RememberingReporter()
    progress = SyncProgress(reporter, 40, 16, Clock())
    groups = ((0, 16), (16, 32), (32, 40))
    for number, (begun, _) in enumerate(groups):
        for step in range(4):
            progress.step(begun, step, 4)
            if number > 0:
                progress.written(groups[number - 1][0] + 4 * step + 1)
        progress.denoised(begun)
        for frame in range(groups[number - 1][0] + 13, groups[number - 1][1]) if number > 0 else ():
            progress.written(frame + 1)
    for frame in range(32, 40):
        progress.written(frame + 1)
    fractions = [report.fraction for report in reporter.reports]
    assert fractions == sorted(fractions)
    assert fractions[0] == pytest.approx(0.02)
    assert fractions[-1] == pytest.approx(0.99)
    assert reporter.reports[-1].remaining_seconds == 0
    steps = [report for report in reporter.reports if report.stage == "generating"]
    assert [(report.chunk, report.step) for report in steps] == [
        (chunk, step) for chunk in (1, 2, 3) for step in range(4)
    ]
    assert {report.chunks for report in reporter.reports} == {3}


def test_frames_written_between_the_steps_of_a_group_count_but_are_not_reported() -> None:
    reporter = RememberingReporter()
    progress = SyncProgress(reporter, 40, 16, Clock())
    progress.step(0, 0, 2)
    progress.denoised(0)
    progress.step(16, 0, 2)
    progress.written(8)
    progress.step(16, 1, 2)
    assert [report.stage for report in reporter.reports] == ["generating"] * 3
    whole = [(report.fraction - 0.02) / 0.97 * 40 for report in reporter.reports]
    assert whole == pytest.approx([0, 0.9 * 16, 0.9 * 24 + 0.1 * 8])


def test_groups_without_a_face_are_told_by_their_frames() -> None:
    reporter = RememberingReporter()
    progress = SyncProgress(reporter, 40, 16, Clock())
    for frame in range(40):
        progress.written(frame + 1)
    assert [report.chunk for report in reporter.reports] == [1] * 16 + [2] * 16 + [3] * 8
    fractions = [report.fraction for report in reporter.reports]
    assert fractions == pytest.approx([0.02 + 0.97 * (frame + 1) / 40 for frame in range(40)])


def test_one_group_is_not_counted() -> None:
    reporter = RememberingReporter()
    SyncProgress(reporter, 5, 16, Clock()).step(0, 1, 2)
    (report,) = reporter.reports
    assert (report.chunk, report.chunks, report.step, report.steps) == (0, 0, 1, 2)
    assert report.fraction == pytest.approx(0.02 + 0.97 * 0.45)
