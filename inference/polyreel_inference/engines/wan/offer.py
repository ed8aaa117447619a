"""What one loaded model can be asked for, and what it does by itself."""

from dataclasses import dataclass
from typing import Literal

LastImage = Literal["none", "optional", "required"]

SMALLEST_STEP_CACHE_THRESHOLD, LARGEST_STEP_CACHE_THRESHOLD = 0.01, 1.0


@dataclass(frozen=True)
class Offer:
    """A model by the name under which requests choose it.

    `takes_image` makes it an image-to-video model; `last_image` tells whether a picture to end on can be
    given as well. `size` is the usual width and height, whose area fits pictures of other shapes too. A
    `distilled` model needs few steps and no guidance, so it has neither guidance scale nor negative prompt.
    `low_noise_guidance_scale` is that of the second expert of Wan 2.2, None for models of one part.
    `step_cache_threshold` is the TeaCache threshold when a request asks for the cache without naming one,
    None where the model has no cache; `step_cache` tells whether the cache is on for requests that do not
    say.
    """

    name: str
    takes_image: bool
    last_image: LastImage
    size: tuple[int, int]
    steps: int
    shift: float
    guidance_scale: float
    low_noise_guidance_scale: float | None = None
    distilled: bool = False
    step_cache: bool = False
    step_cache_threshold: float | None = None
