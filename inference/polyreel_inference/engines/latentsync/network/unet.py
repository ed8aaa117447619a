"""The UNet of LatentSync: it tells the noise in the latents of a chunk of frames."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.engines.latentsync.network.attention import AttentionFunction
from polyreel_inference.engines.latentsync.network.blocks import Conditions, DownLevel, MiddleLevel, UpLevel
from polyreel_inference.engines.latentsync.network.chunk_norm import ChunkNorm
from polyreel_inference.engines.latentsync.network.residual_block import NORM_EPSILON
from polyreel_inference.engines.latentsync.network.unet_sizes import (
    INPUT_CHANNELS,
    LATENT_CHANNELS,
    UNetSizes,
)

_LONGEST_PERIOD = 10_000.0


class UNet(nn.Module):
    """Li et al., "LatentSync" (arXiv 2412.09262), section 3.1, with the motion modules of version 1.5.

    Chunks are batched: frames lie one chunk behind the other, all chunks of a forward have the same number
    of frames. Modules have the names of the published tensors.
    """

    def __init__(self, sizes: UNetSizes, attend: AttentionFunction) -> None:
        super().__init__()
        channels = sizes.block_out_channels
        first, last = channels[0], len(channels) - 1
        self._width, self._taken = first, sizes.layers_per_block + 1
        self.conv_in = nn.Conv2d(INPUT_CHANNELS, first, 3, padding=1)
        self.time_embedding = _TimeEmbedding(first)
        self.down_blocks = nn.ModuleList()
        skipped, incoming = [first], first
        for index, outgoing in enumerate(channels):
            halves = index < last
            self.down_blocks.append(
                DownLevel(incoming, outgoing, sizes, attend, attentive=halves, halves=halves)
            )
            skipped += [outgoing] * (sizes.layers_per_block + halves)
            incoming = outgoing
        self.mid_block = MiddleLevel(incoming, sizes, attend)
        self.up_blocks = nn.ModuleList()
        for index, outgoing in enumerate(reversed(channels)):
            taken = [skipped.pop() for _ in range(self._taken)]
            self.up_blocks.append(
                UpLevel(incoming, taken, outgoing, sizes, attend, attentive=index > 0, doubles=index < last)
            )
            incoming = outgoing
        self.conv_norm_out = ChunkNorm(sizes.norm_num_groups, first, NORM_EPSILON)
        self.conv_out = nn.Conv2d(first, LATENT_CHANNELS, 3, padding=1)

    def forward(self, x: Tensor, timestep: Tensor, audio: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Return the noise [B * frames, 4, h, w] in `x`, and the deep features `reuse` can go on from.

        x [B * frames, 13, h, w], h and w multiples of 8; timestep [1], float32; audio [B * frames, tokens,
        width]; at most 24 frames.
        """
        conditions = self._conditions(x, timestep, audio, frames)
        states = self.conv_in(x)
        skips = [states]
        for level in self.down_blocks:
            skips += level(states, conditions)
            states = skips[-1]
        states = self.mid_block(states, conditions)
        *deep, outermost = self.up_blocks
        for level in deep:
            states = level(states, [skips.pop() for _ in range(self._taken)], conditions)
        features = outermost(states, skips[::-1], conditions, end=-1)
        return self._finish(features, skips[0], conditions), features

    def reuse(self, features: Tensor, x: Tensor, timestep: Tensor, audio: Tensor, frames: int) -> Tensor:
        """Return the noise in `x` by the outermost layers alone, on the deep features of another timestep.

        Ma et al., "DeepCache" (arXiv 2312.00858), section 3.3, with branch 0.
        """
        conditions = self._conditions(x, timestep, audio, frames)
        return self._finish(features, self.conv_in(x), conditions)

    def _finish(self, features: Tensor, skip: Tensor, conditions: Conditions) -> Tensor:
        outermost = cast(UpLevel, self.up_blocks[-1])
        states = outermost.joined_layer(self._taken - 1, features, skip, conditions)
        states = functional.silu(self.conv_norm_out(states, conditions.frames))
        noise: Tensor = self.conv_out(states)
        return noise

    def _conditions(self, x: Tensor, timestep: Tensor, audio: Tensor, frames: int) -> Conditions:
        waves = _sinusoids(timestep, self._width).to(x.dtype)
        return Conditions(functional.silu(self.time_embedding(waves)), audio, frames)


class _TimeEmbedding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width, 4 * width)
        self.linear_2 = nn.Linear(4 * width, 4 * width)

    def forward(self, waves: Tensor) -> Tensor:
        embedded: Tensor = self.linear_2(functional.silu(self.linear_1(waves)))
        return embedded


def _sinusoids(timestep: Tensor, width: int) -> Tensor:
    """Cosines, then sines of the timestep [B] at falling frequencies: float32 [B, width]."""
    places = torch.arange(width // 2, dtype=torch.float32, device=timestep.device)
    angles = timestep[:, None] * torch.exp(places * (-math.log(_LONGEST_PERIOD) / (width // 2)))
    return torch.cat([angles.cos(), angles.sin()], dim=1)
