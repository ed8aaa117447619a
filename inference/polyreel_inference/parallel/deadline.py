"""The end of a process that cannot be brought to end its part of a job."""

import logging
import os
import threading
from types import TracebackType
from typing import Self

_WORDS_SECONDS = 5.0
_logger = logging.getLogger("polyreel")


class Deadline:
    """Ends the process when it was started and not cancelled within `seconds`.

    An exchange that its library cannot abort blocks a thread for good. Only a new process helps then, and the
    other ranks notice the end of this one. As a context manager it counts inside the block.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def start(self) -> None:
        """Start counting, unless it counts already."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(self._seconds, end_process, args=("a job cannot be ended",))
                self._timer.daemon = True
                self._timer.start()

    def cancel(self) -> None:
        """Forget it: the job has ended."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


def end_process(reason: str) -> None:
    """End this process at once, whatever its threads do."""
    # Whoever reads the log may have stopped, and a full pipe would keep the process for good.
    without_words = threading.Timer(_WORDS_SECONDS, os._exit, args=(1,))
    without_words.daemon = True
    without_words.start()
    _logger.critical("this process ends: %s", reason)
    logging.shutdown()
    os._exit(1)
