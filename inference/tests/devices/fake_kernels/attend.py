"""Attention over [B, L, heads, D], written out."""

from torch import Tensor


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Softmax attention in float32, returned in the type of the query."""
    q, k, v = (x.float().transpose(1, 2) for x in (query, key, value))
    softmax = (q @ k.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(dim=-1)
    out: Tensor = (softmax @ v).transpose(1, 2).to(query.dtype)
    return out
