"""From features of speech to the tokens that video attends to."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.diffusion.transformer.block import affine_norm

FRAMES_PER_LATENT = 4
"""Video frames in a latent frame; the first latent frame holds one alone."""


@dataclass(frozen=True)
class AudioSizes:
    """Sizes of the audio path; the published models have these."""

    window: int = 5
    """Frames of speech around a video frame, an odd number."""
    layers: int = 12
    """Layers of the speech encoder."""
    width: int = 768
    """Numbers of a layer, and of an audio token."""
    hidden: int = 512
    tokens: int = 32
    """Audio tokens of one person for one latent frame."""

    @property
    def slots(self) -> int:
        """Places of a latent frame of four video frames: all that their windows cover."""
        return self.window + FRAMES_PER_LATENT - 1


class AudioProjection(nn.Module):
    """Turns windows of speech into audio tokens, under the parameter names of the published file."""

    def __init__(self, sizes: AudioSizes) -> None:
        super().__init__()
        self._sizes = sizes
        features = sizes.layers * sizes.width
        self.proj1 = nn.Linear(sizes.window * features, sizes.hidden)
        self.proj1_vf = nn.Linear(sizes.slots * features, sizes.hidden)
        self.proj2 = nn.Linear(sizes.hidden, sizes.hidden)
        self.proj3 = nn.Linear(sizes.hidden, sizes.tokens * sizes.width)
        self.norm = nn.LayerNorm(sizes.width)

    def forward(self, windows: Tensor) -> Tensor:
        """Return tokens [people, T, 32, 768] of windows [people, 4 T - 3 frames, 5, 12, 768].

        Raises `ValueError` for windows of another shape.
        """
        sizes = self._sizes
        frames = windows.shape[1] if windows.dim() == 5 else 0
        if windows.shape[2:] != (sizes.window, sizes.layers, sizes.width) or frames % FRAMES_PER_LATENT != 1:
            raise ValueError(
                f"Speech windows are [people, 4 n + 1 frames, {sizes.window}, {sizes.layers}, {sizes.width}],"
                f" not {list(windows.shape)}."
            )
        first = functional.relu(self.proj1(windows[:, :1].flatten(2)))
        later = functional.relu(self.proj1_vf(self._latent_windows(windows[:, 1:]).flatten(2)))
        x = functional.relu(self.proj2(torch.cat([first, later], dim=1)))
        return affine_norm(self.norm, self.proj3(x).unflatten(2, (sizes.tokens, sizes.width)))

    def _latent_windows(self, windows: Tensor) -> Tensor:
        """Join the windows of four frames each [people, n, 8, 12, 768].

        The first one gives its past and present, the last one its present and future, those between their
        present alone: what the four together cover, each time once.
        """
        middle = self._sizes.window // 2
        frames = windows.unflatten(1, (-1, FRAMES_PER_LATENT))
        present = frames[:, :, 1:-1, middle]
        return torch.cat([frames[:, :, 0, : middle + 1], present, frames[:, :, -1, middle:]], dim=2)
