"""Euler's method on the flow."""

from torch import Tensor

from polyreel_inference.diffusion.sampling.flow_schedule import FlowSchedule


class EulerSampler:
    """Goes straight to the next noise level: the step of distilled models."""

    def __init__(self, schedule: FlowSchedule) -> None:
        self.schedule = schedule
        self._sigmas: list[float] = schedule.sigmas.tolist()

    def step(self, velocity: Tensor, index: int, latents: Tensor) -> Tensor:
        """Return x0 + sigma_next * v with x0 = x - sigma * v, in one addition."""
        return latents.add(velocity, alpha=self._sigmas[index + 1] - self._sigmas[index])
