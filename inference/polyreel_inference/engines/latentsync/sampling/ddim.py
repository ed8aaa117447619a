"""Steps from noise to latents.

Song et al., "Denoising Diffusion Implicit Models" (arXiv 2010.02502), equation 12 with eta 0, for the noise
schedule of Stable Diffusion.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

TRAINING_STEPS = 1000

_FIRST_BETA = 0.00085
_LAST_BETA = 0.012
_OFFSET = 1


@dataclass(frozen=True)
class DdimSchedule:
    """`timesteps` [steps] float32, falling; `kept` [steps + 1] the part of the signal left at each of them.

    The last entry of `kept` is that of the result.
    """

    timesteps: Tensor
    kept: tuple[float, ...]

    @classmethod
    def of(cls, steps: int) -> "DdimSchedule":
        """Spread `steps` (1 to 1000) over the training's 1000; 20 begin 951, 901 and end 51, 1.

        Raises `ValueError` for any other number.
        """
        if not 1 <= steps <= TRAINING_STEPS:
            raise ValueError(f"between 1 and {TRAINING_STEPS} steps can be made, not {steps}")
        stride = TRAINING_STEPS // steps
        timesteps = torch.arange(steps - 1, -1, -1) * stride + _OFFSET
        betas = torch.linspace(_FIRST_BETA**0.5, _LAST_BETA**0.5, TRAINING_STEPS, dtype=torch.float32) ** 2
        kept = torch.cumprod(1.0 - betas, dim=0)
        # 1000 // steps steps that do not divide 1000 leave the same stride below the last timestep.
        following = timesteps - stride
        last = kept[0] if following[-1] < 0 else kept[following[-1]]
        # With 1000 steps the first timestep is 1000, one behind the schedule's end.
        known = kept[timesteps.clamp(max=TRAINING_STEPS - 1)]
        return cls(timesteps.float(), (*known.tolist(), float(last)))

    def step(self, index: int, latents: Tensor, noise: Tensor) -> Tensor:
        """Take the `noise` found at step `index` out of `latents`, as far as the next timestep."""
        now, following = self.kept[index], self.kept[index + 1]
        clean = (latents - (1.0 - now) ** 0.5 * noise) / now**0.5
        changed: Tensor = following**0.5 * clean + (1.0 - following) ** 0.5 * noise
        return changed
