"""Attention of the UNet, with the names of the published tensors."""

from typing import Protocol

import torch
from torch import Tensor, nn


class AttentionFunction(Protocol):
    """`Backend.attention`."""

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor: ...


_MOST_ROWS = 32_768
"""Rows of a batch attended at a time: kernels of NVIDIA cards take less than 65536."""


class Attention(nn.Module):
    """Multi-head attention of [B, L, channels] over itself or over [B, M, context].

    `exact` asks for a softmax in full precision, where only few keys make it cheap.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        attend: AttentionFunction,
        *,
        context: int | None = None,
        exact: bool = False,
    ) -> None:
        super().__init__()
        self._heads, self._attend, self._exact = heads, attend, exact
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(context or channels, channels, bias=False)
        self.to_v = nn.Linear(context or channels, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        seen = x if context is None else context
        query = self.to_q(x).unflatten(-1, (self._heads, -1))
        key, value = (layer(seen).unflatten(-1, (self._heads, -1)) for layer in (self.to_k, self.to_v))
        parts = [
            self._attend(*part, exact=self._exact)
            for part in zip(*(rows.split(_MOST_ROWS) for rows in (query, key, value)), strict=True)
        ]
        attended = parts[0] if len(parts) == 1 else torch.cat(parts)
        joined: Tensor = self.to_out[0](attended.flatten(2))
        return joined


class FeedForward(nn.Module):
    """Two layers with a gate between them: Shazeer, "GLU Variants Improve Transformer" (arXiv 2002.05202)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # The published list has a dropout at its second place.
        self.net = nn.ModuleList(
            [_GeluGate(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)]
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.net:
            x = layer(x)
        return x


class _GeluGate(nn.Module):
    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        gated: Tensor = value * nn.functional.gelu(gate)
        return gated
