"""Seconds and memory of denoising steps."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class StepFigures:
    """Denoising steps of one implementation. Memory is the most that was used at a time, in bytes."""

    step_seconds: tuple[float, ...]
    peak_memory_bytes: int

    @property
    def median_seconds(self) -> float:
        return median(self.step_seconds)
