"""Jobs that wait for a test, and tests that wait for jobs."""

import asyncio
import threading

from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import Cancelled
from tests.host.scripted_engine import echo


class Gate:
    """A behaviour that reports its begin, waits to be let through, and notes how it ended."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.cancelled = threading.Event()
        self.steps = 0

    def __call__(self, job: Job, reporter: Reporter) -> str:
        try:
            self.begun.set()
            while not self.open.wait(0.001):
                self.steps += 1
                reporter.check_cancelled()
        except Cancelled:
            self.cancelled.set()
            raise
        return echo(job, reporter)


async def wait(event: threading.Event) -> None:
    """Wait for what a job tells."""
    assert await asyncio.to_thread(event.wait, 60)
