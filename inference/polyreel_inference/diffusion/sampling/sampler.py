"""The samplers by name."""

from typing import Literal, Protocol

from torch import Tensor

from polyreel_inference.diffusion.sampling.euler import EulerSampler
from polyreel_inference.diffusion.sampling.flow_schedule import (
    FlowSchedule,
    distilled_schedule,
    full_schedule,
)
from polyreel_inference.diffusion.sampling.unipc import UniPCSampler

SamplingMethod = Literal["unipc", "distilled"]


class Sampler(Protocol):
    """Walks one request down its schedule."""

    @property
    def schedule(self) -> FlowSchedule:
        """The noise levels and timesteps of all steps."""

    def step(self, velocity: Tensor, index: int, latents: Tensor) -> Tensor:
        """Return the latents after step `index` (from 0, in order), at which the model saw `velocity`."""


def open_sampler(method: SamplingMethod, steps: int, shift: float) -> Sampler:
    """Return a sampler for one request: "unipc" for full models, "distilled" for those of a few steps."""
    if method == "unipc":
        return UniPCSampler(full_schedule(steps, shift))
    return EulerSampler(distilled_schedule(steps, shift))
