"""The residual block of the UNet, and its changes of size."""

from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.engines.latentsync.network.chunk_norm import ChunkNorm

NORM_EPSILON = 1e-5


class ResidualBlock(nn.Module):
    """Two convolutions of each frame, told the time, with norms over the chunk."""

    def __init__(self, channels_in: int, channels_out: int, time_width: int, groups: int) -> None:
        super().__init__()
        self.norm1 = ChunkNorm(groups, channels_in, NORM_EPSILON)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.time_emb_proj = nn.Linear(time_width, channels_out)
        self.norm2 = ChunkNorm(groups, channels_out, NORM_EPSILON)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        if channels_in != channels_out:
            self.conv_shortcut: nn.Module = nn.Conv2d(channels_in, channels_out, 1)
        else:
            self.conv_shortcut = nn.Identity()

    def forward(self, x: Tensor, time: Tensor, frames: int) -> Tensor:
        """Change [B * frames, channels_in, h, w] at the time [1, time_width], already activated."""
        inner = self.conv1(functional.silu(self.norm1(x, frames)))
        inner = inner + self.time_emb_proj(time)[:, :, None, None]
        inner = self.conv2(functional.silu(self.norm2(inner, frames)))
        changed: Tensor = self.conv_shortcut(x) + inner
        return changed


class Halving(nn.Module):
    """Halves height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.conv(x)
        return halved


class Doubling(nn.Module):
    """Doubles height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return doubled
