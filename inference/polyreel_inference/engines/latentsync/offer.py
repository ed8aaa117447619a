"""What one model can be asked for, and what it does by itself."""

from dataclasses import dataclass

MOST_STEPS = 100
MOST_GUIDANCE = 10


@dataclass(frozen=True)
class Offer:
    """A model by the name under which requests choose it, with what holds for requests that do not say.

    `seed` None: another one for each task.
    """

    name: str
    steps: int
    guidance_scale: float
    seed: int | None
    deep_cache: bool
