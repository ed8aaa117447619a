"""Listening shows that the job lives, and notices a cancel, by a clock the test sets."""

import pytest

from polyreel_inference.engines.infinitetalk.listening import Listening
from polyreel_inference.host.errors import Cancelled
from tests.serving.streaming_reporter import RememberingReporter


def test_it_reports_at_once_and_every_second() -> None:
    reporter, now = RememberingReporter(), 100.0
    listening = Listening(reporter, lambda: now)
    told = []
    for now in (100.0, 100.5, 101.0, 101.5, 103.0):  # noqa: B007 - the clock reads it
        listening.check()
        told.append(len(reporter.reports))
    assert told == [1, 1, 2, 2, 3]


def test_it_notices_a_cancel_between_reports() -> None:
    reporter = RememberingReporter()
    listening = Listening(reporter, lambda: 0.0)
    listening.check()
    reporter.cancel_at = 1
    with pytest.raises(Cancelled):
        listening.check()
    assert len(reporter.reports) == 1
