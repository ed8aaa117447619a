"""Rotary position tables of video tokens (RoFormer, arXiv 2104.09864), one part of a head for each axis."""

from typing import NamedTuple

import torch
from torch import Tensor

from polyreel_inference.diffusion.transformer.runtime import Runtime

Grid = tuple[int, int, int]


class Rotary(NamedTuple):
    """Cosines and sines, float32 [own tokens, head size / 2], and the number of tokens of all ranks."""

    cos: Tensor
    sin: Tensor
    tokens: int


class RotaryTables:
    """Tables for tokens in the order time, height, width; those of the last grid are kept.

    Height and width take 2 * (head size // 6) numbers of a head each, time takes the rest. Angles are
    computed in float64: in float32 far positions lose the digits that tell neighbours apart.
    """

    def __init__(self, head_size: int, theta: float = 10000.0) -> None:
        spatial = 2 * (head_size // 6)
        self._axes = (head_size - 2 * spatial, spatial, spatial)
        self._theta = theta
        self._kept: tuple[Grid, Runtime, Rotary] | None = None

    def of(self, grid: Grid, runtime: Runtime) -> Rotary:
        """Return this rank's rows for `grid` patches (time, height, width); rows of padding are zeros."""
        if self._kept is None or self._kept[0] != grid or self._kept[1] is not runtime:
            self._kept = (grid, runtime, self._tables(grid, runtime))
        return self._kept[2]

    def _tables(self, grid: Grid, runtime: Runtime) -> Rotary:
        parts = []
        for axis, (length, size) in enumerate(zip(grid, self._axes, strict=True)):
            frequencies = self._theta ** -(torch.arange(0, size, 2, dtype=torch.float64) / size)
            angles = torch.outer(torch.arange(length, dtype=torch.float64), frequencies)
            shape = [1, 1, 1, size // 2]
            shape[axis] = length
            parts.append(angles.view(shape).expand(*grid, size // 2))
        angles = torch.cat(parts, dim=-1).flatten(0, 2)
        shard, device = runtime.mesh.sequence.shard, runtime.backend.device
        cos, sin = (shard(table.float()[None])[0].to(device) for table in (angles.cos(), angles.sin()))
        return Rotary(cos, sin, angles.shape[0])
