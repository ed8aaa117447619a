"""A UNet that says how it is called and answers by a formula."""

import torch
from torch import Tensor, nn


class CountingUNet(nn.Module):
    """Noise is a part of the latents plus what is heard; `calls` are "full" and "reuse" with timesteps."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, float]] = []
        self.batches: list[int] = []

    def forward(self, x: Tensor, timestep: Tensor, audio: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        self.calls.append(("full", timestep.item()))
        self.batches.append(x.shape[0] // frames)
        features = timestep.expand(1)
        return self._noise(features, x, audio), features

    def reuse(self, features: Tensor, x: Tensor, timestep: Tensor, audio: Tensor, frames: int) -> Tensor:
        self.calls.append(("reuse", timestep.item()))
        return self._noise(features, x, audio)

    @staticmethod
    def _noise(features: Tensor, x: Tensor, audio: Tensor) -> Tensor:
        heard = audio.mean(dim=(1, 2))[:, None, None, None]
        return 0.5 * x[:, :4] + 0.1 * x[:, 5:9] + torch.tanh(features / 1000) + heard
