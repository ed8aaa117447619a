"""The place in a job where the ranks agree to go on."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Gate(ABC):
    """Handed to the work of a job, which has to pass it on every rank before each denoising step."""

    @abstractmethod
    def step(self, done: int) -> None:
        """Go on after `done` denoising steps, or end the job.

        On the leader what its check raises passes through (cancelled, for one); the other ranks then raise
        `Stopped` at the same step.
        """


Check = Callable[[int], None]
"""Called before each denoising step with the steps done; what it raises ends the job."""

Work = Callable[[Any, Gate], Any]
"""What all ranks do for a job, given its payload."""


class SingleGate(Gate):
    """The gate of one process: the check alone decides."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def step(self, done: int) -> None:
        self._check(done)
