"""Group norm over all frames of a chunk at once."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChunkNorm(nn.Module):
    """Normalises the groups of channels of each chunk over frames, height and width together.

    The residual blocks of LatentSync do, unlike those of most video networks, so that what a frame becomes
    depends on the whole chunk.
    """

    def __init__(self, groups: int, channels: int, eps: float) -> None:
        super().__init__()
        self._groups, self._eps = groups, eps
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """Normalise [B * frames, channels, h, w], the frames of a chunk one after the other."""
        chunks = x.unflatten(0, (-1, frames)).transpose(1, 2)
        normalized = functional.group_norm(chunks, self._groups, self.weight, self.bias, self._eps)
        return normalized.transpose(1, 2).flatten(0, 1)
