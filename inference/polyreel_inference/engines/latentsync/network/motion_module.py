"""Attention of each place over the frames of a chunk.

Guo et al., "AnimateDiff" (arXiv 2307.04725), section 4.2.
"""

import torch
from torch import Tensor, nn

from polyreel_inference.engines.latentsync.network.attention import (
    Attention,
    AttentionFunction,
    FeedForward,
)
from polyreel_inference.engines.latentsync.network.spatial_transformer import TRANSFORMER_NORM_EPSILON
from polyreel_inference.engines.latentsync.network.unet_sizes import LONGEST_CHUNK, MOTION_HEADS

_ATTENTIONS = 2


class MotionModule(nn.Module):
    """One transformer block over time. Its input norm sees each frame alone, unlike those of the blocks."""

    def __init__(self, channels: int, groups: int, attend: AttentionFunction) -> None:
        super().__init__()
        self.temporal_transformer = _TemporalTransformer(channels, groups, attend)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """Change [B * frames, channels, h, w]; at most 24 frames."""
        changed: Tensor = self.temporal_transformer(x, frames)
        return changed


class _TemporalTransformer(nn.Module):
    def __init__(self, channels: int, groups: int, attend: AttentionFunction) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, TRANSFORMER_NORM_EPSILON)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([_Block(channels, attend)])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        height, width = x.shape[2:]
        # [B * F, C, h, w] -> [B * h * w, F, C]
        places = self.norm(x).unflatten(0, (-1, frames)).permute(0, 3, 4, 1, 2).flatten(0, 2)
        places = self.proj_in(places)
        for block in self.transformer_blocks:
            places = block(places)
        places = self.proj_out(places).unflatten(0, (-1, height, width))
        changed: Tensor = places.permute(0, 3, 4, 1, 2).flatten(0, 1) + x
        return changed


class _Block(nn.Module):
    def __init__(self, channels: int, attend: AttentionFunction) -> None:
        super().__init__()
        self.attention_blocks = nn.ModuleList(_TimedAttention(channels, attend) for _ in range(_ATTENTIONS))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(_ATTENTIONS))
        self.ff = FeedForward(channels)
        self.ff_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        for attention, norm in zip(self.attention_blocks, self.norms, strict=True):
            x = x + attention(norm(x))
        changed: Tensor = x + self.ff(self.ff_norm(x))
        return changed


class _TimedAttention(Attention):
    def __init__(self, channels: int, attend: AttentionFunction) -> None:
        super().__init__(channels, MOTION_HEADS, attend, exact=True)
        self.pos_encoder = _Positions(channels)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        return super().forward(self.pos_encoder(x), context)


class _Positions(nn.Module):
    pe: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Stored in every published file, although one could compute it.
        self.register_buffer("pe", torch.empty(1, LONGEST_CHUNK, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[:, : x.shape[1]]
