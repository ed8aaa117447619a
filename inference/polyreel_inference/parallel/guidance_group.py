"""The branches of classifier-free guidance, computed by different ranks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from polyreel_inference.parallel.data_group import DataGroup


class GuidanceGroup:
    """Ranks that share the branches of a denoising step. With one rank it computes them all."""

    def __init__(self, group: DataGroup) -> None:
        self._group = group
        self.rank = group.rank
        self.size = group.size

    def share(self, count: int) -> list[int]:
        """Indices of the branches this rank computes, of `count` (at least 1), handed out in turn.

        A rank that is left over computes a branch of another one again, so that no rank is without.
        """
        return list(range(self.rank, count, self.size)) or [self.rank % count]

    def collect(self, own: Sequence[Tensor], count: int) -> list[Tensor]:
        """Return all `count` branches in order, on every rank, from the results of each rank's `share`.

        Raises `ValueError` when `own` is not one tensor for each index of the share.
        """
        if len(own) != len(self.share(count)):
            raise ValueError(f"Rank {self.rank} has {len(self.share(count))} branches, not {len(own)}.")
        if self.size == 1 or count == 1:
            return list(own)
        rounds = -(-count // self.size)
        # A rank may have one branch less than another; its place in the last round is never read.
        filled = [*own, *[own[0]] * (rounds - len(own))]
        gathered = self._group.all_gather(torch.stack(filled))
        return [gathered[index % self.size, index // self.size] for index in range(count)]
