"""What a benchmark of denoising finds out, whatever the engine."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from polyreel_inference.serving.bench.step_figures import StepFigures


@dataclass(frozen=True, kw_only=True)
class DenoisingFigures(ABC):
    """The video, what it was made on, and the arithmetic of a step.

    `forwards` are those of one step, `step_flops` its arithmetic on all `ranks` together; `peak_tflops` is
    what one device could do, None where unknown.
    """

    width: int
    height: int
    frames: int
    forwards: int
    device: str
    dtype: str
    options: str
    ranks: int
    step_flops: int
    peak_tflops: float | None

    @property
    @abstractmethod
    def timed(self) -> StepFigures:
        """The engine's own steps."""

    @property
    def tflops(self) -> float:
        """Arithmetic a second that one device did in them, in TFLOP/s."""
        return self.step_flops / self.timed.median_seconds / self.ranks / 1e12

    @property
    def peak_share(self) -> float | None:
        """Part of the device's peak, 0 to 1."""
        return None if self.peak_tflops is None else self.tflops / self.peak_tflops

    @property
    def size(self) -> str:
        """Width, height and frames."""
        return f"{self.width}x{self.height}x{self.frames}"
