"""Noise levels of flow matching (arXiv 2403.03206): x = (1 - sigma) * video + sigma * noise."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TRAINING_STEPS = 1000

DISTILLED_SHIFT = 5.0
"""The shift at which the published models of few steps were distilled."""


@dataclass(frozen=True)
class FlowSchedule:
    """Noise levels on the CPU.

    `sigmas` is float32 [steps + 1], falling to 0; `timesteps`, float32 [steps], is what the model sees.
    """

    sigmas: Tensor
    timesteps: Tensor

    @property
    def steps(self) -> int:
        """The number of denoising steps."""
        return len(self.timesteps)


def shifted(sigmas: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
    """Move noise levels towards 1: s * sigma / (1 + (s - 1) * sigma)."""
    return shift * sigmas / (1 + (shift - 1) * sigmas)


def reshifted(sigma: float, before: float, after: float) -> float:
    """Return where a noise level comes to lie that was shifted by `before`, when shifted by `after`."""
    unshifted = sigma / (before - (before - 1) * sigma)
    return after * unshifted / (1 + (after - 1) * unshifted)


def full_schedule(steps: int, shift: float) -> FlowSchedule:
    """Return the levels of full sampling: even in 1..0.001, shifted; timesteps are whole numbers.

    The list is computed here and not by diffusers' scheduler, whose levels differ between its versions.
    """
    sigmas = shifted(np.linspace(1, 1 / TRAINING_STEPS, steps + 1)[:-1], shift)
    # The multistep sampler takes the logarithm of 1 - sigma.
    sigmas = np.minimum(sigmas, 1 - 1e-6)
    timesteps = torch.from_numpy(sigmas * TRAINING_STEPS).to(torch.int64).float()
    return FlowSchedule(_ending_in_zero(sigmas), timesteps)


def distilled_schedule(steps: int, shift: float) -> FlowSchedule:
    """Return the levels distilled models were trained for: with 4 steps 1000, 750, 500, 250, each shifted.

    Another number of steps is spread evenly over the 1000 training steps.
    """
    trained = np.array([round(TRAINING_STEPS * (steps - step) / steps) for step in range(steps)])
    sigmas = shifted(trained / TRAINING_STEPS, shift)
    return FlowSchedule(_ending_in_zero(sigmas), torch.from_numpy(sigmas * TRAINING_STEPS).float())


def even_schedule(steps: int, shift: float) -> FlowSchedule:
    """Return levels even in 1..0.001, both ends included, then shifted; timesteps are 1000 times as large."""
    sigmas = shifted(np.linspace(1, 1 / TRAINING_STEPS, steps), shift)
    return FlowSchedule(_ending_in_zero(sigmas), torch.from_numpy(sigmas * TRAINING_STEPS).float())


def _ending_in_zero(sigmas: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.append(sigmas, 0.0).astype(np.float32))
