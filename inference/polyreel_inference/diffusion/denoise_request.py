"""What all ranks need to know of a request."""

from dataclasses import dataclass

from torch import Tensor

from polyreel_inference.diffusion.sampling.sampler import SamplingMethod


@dataclass(frozen=True)
class DenoiseRequest:
    """One denoising, in small tensors on the CPU and numbers; it is sent to ranks that hold no encoders.

    `shape` is that of the noise, (16, T, h, w), drawn from `seed`. `text` and `negative_text` are
    [512, text size]; a guidance scale above 1 needs both. `image` is [257 or 514, image size], and
    `condition` [20, T, h, w] joins the noise as input channels, for models that take them. Models of two
    experts switch below `boundary` (part of the 1000 timesteps) and may guide the second one by a scale of
    its own. `step_cache_threshold` 0 computes every step.
    """

    text: Tensor
    shape: tuple[int, int, int, int]
    seed: int
    steps: int
    shift: float
    method: SamplingMethod = "unipc"
    negative_text: Tensor | None = None
    guidance_scale: float = 1.0
    low_noise_guidance_scale: float | None = None
    image: Tensor | None = None
    condition: Tensor | None = None
    boundary: float | None = None
    step_cache_threshold: float = 0.0
