"""The levels of the UNet: residual block, attention, motion, and a change of size."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from polyreel_inference.engines.latentsync.network.attention import AttentionFunction
from polyreel_inference.engines.latentsync.network.motion_module import MotionModule
from polyreel_inference.engines.latentsync.network.residual_block import Doubling, Halving, ResidualBlock
from polyreel_inference.engines.latentsync.network.spatial_transformer import SpatialTransformer
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes


@dataclass(frozen=True)
class Conditions:
    """What all layers of a forward are told: activated time [1, E], speech [B * F, tokens, width], F."""

    time: Tensor
    audio: Tensor
    frames: int


class _Level(nn.Module):
    """Layers that all have the same number of channels behind them."""

    def __init__(
        self,
        channels_in: Sequence[int],
        channels: int,
        sizes: UNetSizes,
        attend: AttentionFunction,
        *,
        attentive: bool,
    ) -> None:
        super().__init__()
        groups, time_width = sizes.norm_num_groups, 4 * sizes.block_out_channels[0]
        self.resnets = nn.ModuleList(
            ResidualBlock(incoming, channels, time_width, groups) for incoming in channels_in
        )
        self.attentions = nn.ModuleList(
            SpatialTransformer(channels, sizes.attention_head_dim, sizes.cross_attention_dim, groups, attend)
            for _ in (channels_in if attentive else ())
        )
        self.motion_modules = nn.ModuleList(MotionModule(channels, groups, attend) for _ in channels_in)

    def layer(self, index: int, x: Tensor, conditions: Conditions) -> Tensor:
        """Run one layer on [B * F, channels, h, w]."""
        x = self.resnets[index](x, conditions.time, conditions.frames)
        if self.attentions:
            x = self.attentions[index](x, conditions.audio)
        changed: Tensor = self.motion_modules[index](x, conditions.frames)
        return changed


class DownLevel(_Level):
    """A level on the way down."""

    def __init__(
        self,
        channels_in: int,
        channels: int,
        sizes: UNetSizes,
        attend: AttentionFunction,
        *,
        attentive: bool,
        halves: bool,
    ) -> None:
        incoming = [channels_in] + [channels] * (sizes.layers_per_block - 1)
        super().__init__(incoming, channels, sizes, attend, attentive=attentive)
        self.downsamplers = nn.ModuleList([Halving(channels)] if halves else [])

    def forward(self, x: Tensor, conditions: Conditions) -> list[Tensor]:
        """Return what every layer, then the halving, makes of `x`; the last entry is the level's result."""
        results: list[Tensor] = []
        for index in range(len(self.resnets)):
            x = self.layer(index, x, conditions)
            results.append(x)
        for halving in self.downsamplers:
            x = halving(x)
            results.append(x)
        return results


class UpLevel(_Level):
    """A level on the way up, each layer of which also sees what one on the way down has made."""

    def __init__(
        self,
        channels_in: int,
        skipped: Sequence[int],
        channels: int,
        sizes: UNetSizes,
        attend: AttentionFunction,
        *,
        attentive: bool,
        doubles: bool,
    ) -> None:
        own = [channels_in] + [channels] * (len(skipped) - 1)
        incoming = [one + other for one, other in zip(own, skipped, strict=True)]
        super().__init__(incoming, channels, sizes, attend, attentive=attentive)
        self.upsamplers = nn.ModuleList([Doubling(channels)] if doubles else [])

    def forward(
        self, x: Tensor, skips: Sequence[Tensor], conditions: Conditions, end: int | None = None
    ) -> Tensor:
        """Run the layers up to `end` (None: all, and the doubling), each with its entry of `skips`."""
        for index, skip in enumerate(skips[:end]):
            x = self.joined_layer(index, x, skip, conditions)
        if end is None:
            for doubling in self.upsamplers:
                x = doubling(x)
        return x

    def joined_layer(self, index: int, x: Tensor, skip: Tensor, conditions: Conditions) -> Tensor:
        """Run one layer on `x` with the channels of `skip` behind its own."""
        return self.layer(index, torch.cat([x, skip], dim=1), conditions)


class MiddleLevel(nn.Module):
    """The lowest level: two residual blocks with attention between them and no motion."""

    def __init__(self, channels: int, sizes: UNetSizes, attend: AttentionFunction) -> None:
        super().__init__()
        groups, time_width = sizes.norm_num_groups, 4 * sizes.block_out_channels[0]
        self.resnets = nn.ModuleList(ResidualBlock(channels, channels, time_width, groups) for _ in range(2))
        self.attentions = nn.ModuleList(
            [
                SpatialTransformer(
                    channels, sizes.attention_head_dim, sizes.cross_attention_dim, groups, attend
                )
            ]
        )

    def forward(self, x: Tensor, conditions: Conditions) -> Tensor:
        x = self.resnets[0](x, conditions.time, conditions.frames)
        x = self.attentions[0](x, conditions.audio)
        changed: Tensor = self.resnets[1](x, conditions.time, conditions.frames)
        return changed
