"""Classifier-free guidance (arXiv 2207.12598), its branches one after another or on ranks of their own."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from polyreel_inference.parallel.guidance_group import GuidanceGroup


def guided(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Return u + scale * (c - u)."""
    return torch.add(unconditional, conditional - unconditional, alpha=scale)


def compute_branches(branches: Sequence[Callable[[], Tensor]], group: GuidanceGroup) -> list[Tensor]:
    """Return every branch's tensor on every rank; a rank computes only its share of them."""
    own = [branches[index]() for index in group.share(len(branches))]
    return group.collect(own, len(branches))
