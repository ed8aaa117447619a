"""TeaCache (arXiv 2411.19108): steps whose time embedding hardly moved reuse the blocks' last change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from torch import Tensor

ALWAYS_COMPUTED_STEPS = 5

# Degree-4 polynomials, highest power first, published by TeaCache's authors for Wan 2.1 (TeaCache4Wan2.1,
# the variant that watches the projected time embedding).
COEFFICIENTS: dict[str, tuple[float, ...]] = {
    "t2v-1.3b": (-5.21862437e4, 9.23041404e3, -5.28275948e2, 1.36987616e1, -4.99875664e-2),
    "t2v-14b": (-3.03318725e5, 4.90537029e4, -2.65530556e3, 5.87365115e1, -3.15583525e-1),
    "i2v-14b-480p": (2.57151496e5, -3.54229917e4, 1.40286849e3, -1.35890334e1, 1.32517977e-1),
    "i2v-14b-720p": (8.10705460e3, 2.13393892e3, -3.72934672e2, 1.66203073e1, -4.17769401e-2),
}


@dataclass
class BranchCache:
    """What the blocks of one branch added in the last computed step, and whether to reuse it now."""

    reuse: bool = False
    _residual: Tensor | None = None

    @property
    def residual(self) -> Tensor:
        """x_out - x_in of this rank's tokens, [batch, own tokens, model size]."""
        if self._residual is None:
            raise RuntimeError("a step cache cannot reuse a step before it has seen one")
        return self._residual

    @residual.setter
    def residual(self, change: Tensor) -> None:
        self._residual = change


@dataclass
class StepCache:
    """The cache of one request: which steps reuse, and one residual for every branch of guidance."""

    reused: Sequence[bool]
    _branches: dict[int, BranchCache] = field(default_factory=dict)

    def branch(self, index: int, step: int) -> BranchCache:
        """Return the cache of branch number `index`, set for the step `step` (from 0)."""
        cache = self._branches.setdefault(index, BranchCache())
        cache.reuse = self.reused[step]
        return cache


def relative_changes(modulations: Tensor) -> Tensor:
    """Return float32 [n - 1]: mean |e_i - e_(i-1)| / mean |e_(i-1)| of time embeddings [n, ...]."""
    e = modulations.flatten(1).float()
    return (e[1:] - e[:-1]).abs().mean(dim=1) / e[:-1].abs().mean(dim=1)


def plan_reuse(
    changes: Tensor,
    threshold: float,
    coefficients: Sequence[float],
    always_computed: int = ALWAYS_COMPUTED_STEPS,
) -> list[bool]:
    """Tell for every step whether it reuses the step before, from `relative_changes` of all timesteps.

    The time embedding depends on nothing but the timestep, so the whole plan is known before the first
    step, and all ranks and branches share it. The polynomial turns a change of the embedding into one of the
    output; these add up until they reach `threshold`, which makes the step compute and starts anew.
    """
    plan = [False]
    distance = 0.0
    for step, change in enumerate(cast("list[float]", changes.tolist()), start=1):
        if step < always_computed:
            plan.append(False)
            continue
        estimate = 0.0
        for coefficient in coefficients:
            estimate = estimate * change + coefficient
        distance += estimate
        plan.append(distance < threshold)
        if not plan[-1]:
            distance = 0.0
    return plan
