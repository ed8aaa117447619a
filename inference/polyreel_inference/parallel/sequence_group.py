"""Sequence parallel: every rank holds a part of the tokens, and for attention a part of the heads.

Jacobs et al., "DeepSpeed Ulysses" (arXiv 2309.14509), section 3.
"""

from typing import overload

import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from polyreel_inference.parallel.data_group import DataGroup


class SequenceGroup:
    """Ranks that share the tokens of one forward. With one rank every method returns its argument, uncopied.

    All ranks have to make the same calls in the same order. Raises `CollectiveFailed` when another rank no
    longer takes part.
    """

    def __init__(self, group: DataGroup) -> None:
        self._group = group
        self.rank = group.rank
        self.size = group.size

    def shard(self, x: Tensor, dim: int = 1) -> Tensor:
        """Return this rank's slice of ceil(length / size) entries of `dim`, the whole padded with zeros."""
        if self.size == 1:
            return x
        share = -(-x.shape[dim] // self.size)
        start = min(self.rank * share, x.shape[dim])
        own = x.narrow(dim, start, min(share, x.shape[dim] - start))
        return _pad(own, dim, share).contiguous()

    def gather(self, x: Tensor, dim: int = 1, length: int | None = None) -> Tensor:
        """Join all ranks' slices along `dim` in rank order, cut to `length` where padding is to go."""
        if self.size == 1:
            return x if length is None else x.narrow(dim, 0, length)
        dim %= x.dim()
        joined = self._group.all_gather(x).movedim(0, dim).flatten(dim, dim + 1)
        return joined if length is None else joined.narrow(dim, 0, length)

    @overload
    def scatter_heads(self, x: Tensor, /, *, length: int | None = None) -> Tensor: ...
    @overload
    def scatter_heads(
        self, x: Tensor, y: Tensor, /, *more: Tensor, length: int | None = None
    ) -> tuple[Tensor, ...]: ...
    def scatter_heads(self, *tensors: Tensor, length: int | None = None) -> Tensor | tuple[Tensor, ...]:
        """Trade tokens for heads: [B, L/n, H, D] of this rank's tokens -> [B, L, H/n, D] of its heads.

        Several tensors are exchanged at the same time and returned in a tuple. `length` cuts the padding of
        `shard` off. Raises `ValueError` when the ranks do not divide the heads.
        """
        if self.size == 1:
            cut = tuple(x if length is None else x.narrow(1, 0, length) for x in tensors)
            return cut if len(cut) > 1 else cut[0]
        received = self._group.all_to_all([self._by_head(x) for x in tensors])
        # [n, B, L/n, h, D] is [B, L, h, D] without a copy where B is 1.
        whole = [x.movedim(0, 1).flatten(1, 2) for x in received]
        cut = tuple(x if length is None else x.narrow(1, 0, length) for x in whole)
        return cut if len(cut) > 1 else cut[0]

    def gather_heads(self, x: Tensor) -> Tensor:
        """Trade heads for tokens, the way back: [B, L, H/n, D] -> [B, L/n, H, D].

        A length that the ranks do not divide is padded with zeros as in `shard`.
        """
        if self.size == 1:
            return x
        share = -(-x.shape[1] // self.size)
        parts = _pad(x, 1, share * self.size).unflatten(1, (self.size, share)).movedim(1, 0)
        (received,) = self._group.all_to_all([parts.contiguous()])
        whole: Tensor = received.permute(1, 2, 0, 3, 4).flatten(2, 3)
        return whole

    def all_min(self, x: Tensor) -> Tensor:
        """Smallest of all ranks' values, element by element."""
        return x if self.size == 1 else self._group.all_extreme(x, largest=False)

    def all_max(self, x: Tensor) -> Tensor:
        """Largest of all ranks' values, element by element."""
        return x if self.size == 1 else self._group.all_extreme(x, largest=True)

    def _by_head(self, x: Tensor) -> Tensor:
        if x.shape[2] % self.size:
            raise ValueError(
                f"{self.size} ranks cannot share {x.shape[2]} attention heads: choose a Ulysses size that "
                "divides them."
            )
        parts: Tensor = x.unflatten(2, (self.size, x.shape[2] // self.size)).movedim(2, 0).contiguous()
        return parts


def _pad(x: Tensor, dim: int, length: int) -> Tensor:
    missing = length - x.shape[dim]
    if not missing:
        return x
    following = x.dim() - 1 - dim % x.dim()
    return F.pad(x, (0, 0) * following + (0, missing))
