"""UniPC (arXiv 2302.04867), the multistep predictor-corrector of full sampling."""

from typing import Any

from diffusers import UniPCMultistepScheduler
from torch import Tensor

from polyreel_inference.diffusion.sampling.flow_schedule import TRAINING_STEPS, FlowSchedule


class UniPCSampler:
    """diffusers' solver of order 2 on our noise levels. It remembers steps: one object serves one request."""

    def __init__(self, schedule: FlowSchedule) -> None:
        self.schedule = schedule
        self._solver: Any = UniPCMultistepScheduler(
            num_train_timesteps=TRAINING_STEPS,
            prediction_type="flow_prediction",
            use_flow_sigmas=True,
            solver_order=2,
        )
        self._solver.set_timesteps(schedule.steps)
        self._solver.sigmas = schedule.sigmas
        self._solver.timesteps = schedule.timesteps
        self._solver.set_begin_index(0)

    def step(self, velocity: Tensor, index: int, latents: Tensor) -> Tensor:
        """Return the latents at the next noise level; steps have to come in order."""
        moved: Tensor = self._solver.step(
            velocity, self.schedule.timesteps[index], latents, return_dict=False
        )[0]
        return moved
