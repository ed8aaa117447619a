"""Signs of life while a job listens to its sound, which takes long when the sound is long."""

import time
from collections.abc import Callable

from polyreel_inference.host.engine import Reporter

_REPORT_EVERY_S = 1.0


class Listening:
    """Tells the reporter at once that a job listens, and again now and then."""

    def __init__(self, reporter: Reporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._reporter, self._clock = reporter, clock
        self._report()

    def check(self) -> None:
        """To be called often. Raises `Cancelled` once the job is cancelled."""
        self._reporter.check_cancelled()
        if self._clock() - self._reported >= _REPORT_EVERY_S:
            self._report()

    def _report(self) -> None:
        self._reported = self._clock()
        self._reporter.progress("loading", 0.0, message="Listening to the sound")
