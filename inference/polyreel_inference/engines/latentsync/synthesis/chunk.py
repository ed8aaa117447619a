"""Chunks of frames as they travel to the ranks, and the random numbers each of them needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.network.unet_sizes import LATENT_CHANNELS
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings

VAE_FACTOR = 8
"""Pixels of a crop per place of its latents, in height and width."""


@dataclass(frozen=True)
class Chunk:
    """Frames that are made together, usually 16, at most 24. All tensors are on the CPU.

    `crops` uint8 [F, 3, r, r] are the aligned faces in RGB; `audio` float32 [F, tokens, width] what is heard
    at each frame; `masked_noise` and `crop_noise` float32 [F, 4, r / 8, r / 8] draw the latents of the masked
    and the whole crops. Raises `ValueError` for shapes that do not belong together.
    """

    crops: Tensor
    audio: Tensor
    masked_noise: Tensor
    crop_noise: Tensor

    def __post_init__(self) -> None:
        frames, _, height, width = self.crops.shape
        latent = (frames, LATENT_CHANNELS, height // VAE_FACTOR, width // VAE_FACTOR)
        if self.crops.dtype != torch.uint8 or self.crops.shape[1] != 3:
            raise ValueError("crops have to be uint8 [F, 3, r, r]")
        if self.audio.shape[0] != frames or {self.masked_noise.shape, self.crop_noise.shape} != {latent}:
            raise ValueError(
                f"{frames} crops of {width}x{height} need as much sound, and noise {list(latent)}"
            )

    @property
    def frames(self) -> int:
        """Frames of the chunk."""
        return int(self.crops.shape[0])


@dataclass(frozen=True)
class SynthesisRequest:
    """Chunks to be made at the same time. `noise` float32 [4, r / 8, r / 8] begins every frame of a job.

    `batch` is how many chunks a rank may compute together; None: as many as it does usually.
    """

    chunks: Sequence[Chunk]
    noise: Tensor
    settings: DenoiseSettings
    batch: int | None = None


class JobNoise:
    """The random numbers of one job, in the order in which the original draws them.

    First the noise of all frames, then for each chunk that of the masked and that of the whole crops. Chunks
    have to be drawn in the order of the video.
    """

    def __init__(self, seed: int, resolution: int) -> None:
        self._side = resolution // VAE_FACTOR
        self._generator = torch.Generator().manual_seed(seed)
        self.noise = self._draw(1)[0]
        """Where the denoising of every frame begins: float32 [4, r / 8, r / 8]."""

    def chunk(self, crops: Tensor, audio: Tensor) -> Chunk:
        """Make the next chunk of the job from its crops and its sound (see `Chunk`)."""
        frames = crops.shape[0]
        return Chunk(crops, audio, self._draw(frames), self._draw(frames))

    def _draw(self, frames: int) -> Tensor:
        shape = (frames, LATENT_CHANNELS, self._side, self._side)
        return torch.randn(shape, generator=self._generator)
