"""Time on a device that works behind the host's back."""

from collections.abc import Callable
from time import perf_counter

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.serving.bench.step_figures import StepFigures


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
            self._note()

    def finish(self) -> StepFigures:
        """Note the end of the last step and return what was measured."""
        self._note()
        pairs = zip(self._times, self._times[1:], strict=False)
        steps = tuple(later - earlier for earlier, later in pairs)
        return StepFigures(steps, self._backend.peak_memory_bytes())

    def _note(self) -> None:
        self._backend.synchronize()
        self._times.append(perf_counter())
