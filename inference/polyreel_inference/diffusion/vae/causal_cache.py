"""What causal convolutions remember of the frames before."""

from typing import Any

from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d
from torch import Tensor, nn


class CausalCache:
    """Runs diffusers' encoder or decoder on one group of frames after another.

    The memory belongs to this object and not to the autoencoder, so two videos never see each other.
    """

    def __init__(self, coder: nn.Module) -> None:
        self._coder = coder
        self._frames: list[Any] = [None] * sum(isinstance(m, WanCausalConv3d) for m in coder.modules())

    def run(self, x: Tensor) -> Tensor:
        """Return the coder's output for the next frames [batch, channels, frames, height, width]."""
        y: Tensor = self._coder(x, feat_cache=self._frames, feat_idx=[0])
        return y
