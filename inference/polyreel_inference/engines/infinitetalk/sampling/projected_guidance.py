"""Adaptive projected guidance (arXiv 2410.02416): strong guidance without oversaturated colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.sampling.guidance import differences

_SMALL = 1e-24


@dataclass(frozen=True)
class ProjectionSettings:
    """`momentum` of the differences of earlier steps, and the length `norm` that none exceeds."""

    momentum: float = -0.75
    norm: float = 55.0


class ProjectedGuidance:
    """c + sum of (scale - 1) * what the difference adds at right angles to c, c the velocity with all.

    Section 3 of the paper, with its eta 0: nothing is kept of the part along c, which only saturates
    pictures. Lengths and angles are those of the whole velocity of a chunk.
    """

    def __init__(
        self, text_scale: float, audio_scale: float, settings: ProjectionSettings | None = None
    ) -> None:
        self._scales = (text_scale, audio_scale)
        self._settings = settings or ProjectionSettings()
        self._averages: dict[int, Tensor] = {}

    def combine(self, velocities: Sequence[Tensor]) -> Tensor:
        """See `Guidance.combine`; steps have to come in order."""
        whole = velocities[0]
        guided = whole
        for index, (scale, difference) in enumerate(differences(velocities, *self._scales)):
            guided = guided.add(_across(self._shortened(index, difference), whole), alpha=scale - 1)
        return guided

    def _shortened(self, index: int, difference: Tensor) -> Tensor:
        earlier = self._averages.get(index)
        average = difference if earlier is None else difference.add(earlier, alpha=self._settings.momentum)
        self._averages[index] = average
        length = torch.linalg.vector_norm(average)
        shortening: Tensor = (self._settings.norm / length).clamp(max=1)
        return average * shortening


def _across(x: Tensor, direction: Tensor) -> Tensor:
    """Return the part of `x` at right angles to `direction`."""
    along = (x * direction).sum() / direction.square().sum().clamp(min=_SMALL)
    return x - along * direction
