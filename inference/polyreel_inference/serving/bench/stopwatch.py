"""Time on a device that works behind the host's back."""

from collections.abc import Callable
from time import perf_counter

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel.gate import Gate


def seconds(backend: Backend, action: Callable[[], object]) -> float:
    """Run `action` until the device has done it and return how long that took."""
    backend.synchronize()
    started = perf_counter()
    action()
    backend.synchronize()
    return perf_counter() - started


class TimedGate(Gate):
    """A gate that stops nothing and notes when each denoising step begins.

    The first `warm_up` steps do not count; peak memory is measured from behind them.
    """

    def __init__(self, backend: Backend, warm_up: int) -> None:
        self._backend = backend
        self._warm_up = warm_up
        self._times: list[float] = []

    def step(self, done: int) -> None:
        if done == self._warm_up:
            self._backend.reset_peak_memory()
        if done >= self._warm_up:
            self.note()

    def note(self) -> None:
        """Note the time now; called once more behind the last step."""
        self._backend.synchronize()
        self._times.append(perf_counter())

    def step_seconds(self) -> list[float]:
        """Return the length of every step that counts."""
        pairs = zip(self._times, self._times[1:], strict=False)
        return [later - earlier for earlier, later in pairs]
