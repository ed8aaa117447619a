"""Attention within each frame: of its places to each other and to the speech."""

from torch import Tensor, nn

from polyreel_inference.engines.latentsync.network.attention import (
    Attention,
    AttentionFunction,
    FeedForward,
)

TRANSFORMER_NORM_EPSILON = 1e-6


class SpatialTransformer(nn.Module):
    """One transformer block over the places of a frame, which also hears the frame's speech."""

    def __init__(
        self, channels: int, heads: int, audio_width: int, groups: int, attend: AttentionFunction
    ) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, TRANSFORMER_NORM_EPSILON)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([_Block(channels, heads, audio_width, attend)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, audio: Tensor) -> Tensor:
        """Change [B * F, channels, h, w] by the speech [B * F, tokens, audio_width]."""
        height, width = x.shape[2:]
        places = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            places = block(places, audio)
        pictures = places.transpose(1, 2).unflatten(2, (height, width))
        changed: Tensor = self.proj_out(pictures) + x
        return changed


class _Block(nn.Module):
    def __init__(self, channels: int, heads: int, audio_width: int, attend: AttentionFunction) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, heads, attend)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, heads, attend, context=audio_width, exact=True)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x: Tensor, audio: Tensor) -> Tensor:
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), audio)
        changed: Tensor = x + self.ff(self.norm3(x))
        return changed
