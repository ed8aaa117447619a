"""Frames to latents, four at a time."""

from collections.abc import Iterable, Iterator

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.vae.causal_cache import CausalCache
from polyreel_inference.diffusion.vae.latent_scale import LatentScale

FRAMES_PER_LATENT = 4


class VideoEncoder:
    """Encodes with the Wan 2.1 autoencoder so that only the frames of one latent are on the device."""

    def __init__(self, vae: AutoencoderKLWan, backend: Backend) -> None:
        self._vae = vae
        self._backend = backend
        self._scale = LatentScale(vae)

    def encode(self, video: Tensor) -> Tensor:
        """Return the normalised mean latents [16, (frames - 1) / 4 + 1, h, w] of [3, frames, height, width].

        Frames are 4n + 1, in -1..1, on any device; height and width are multiples of 8. Raises `ValueError`
        for another number of frames.
        """
        check_frames(video.shape[1])
        # Splitting no frames would give one group of none.
        groups = video[:, 1:].split(FRAMES_PER_LATENT, dim=1) if video.shape[1] > 1 else ()
        return self._encode([video[:, :1], *groups])

    def encode_ends(self, first: Tensor, frames: int, last: Tensor | None = None) -> Tensor:
        """Return the latents of `frames` frames that are zeros between `first` and, if given, `last`.

        Images are [3, height, width] in -1..1. Raises `ValueError` as `encode` does.
        """
        check_frames(frames)
        # Zeros are made where they are needed: sent there, 80 of 1280 x 720 are 0.9 GB.
        first = first.to(self._backend.device, self._vae.dtype)
        return self._encode(_ends(first, frames, last))

    def _encode(self, groups: Iterable[Tensor]) -> Tensor:
        vae = self._vae
        cache = CausalCache(vae.encoder)
        means = []
        with torch.no_grad():
            for group in groups:
                x = group.unsqueeze(0).to(self._backend.device, vae.dtype)
                mean, _ = vae.quant_conv(cache.run(x)).chunk(2, dim=1)
                means.append(mean)
                self._backend.mark_step()
            return self._scale.normalized(torch.cat(means, dim=2))[0]


def image_condition(encoder: VideoEncoder, first: Tensor, frames: int, last: Tensor | None = None) -> Tensor:
    """Return what image-to-video models see besides noise, float32 [4 mask + 16 latent channels, T, h, w].

    The mask has one channel for each frame of a latent, 1 where the frame is given. The first latent holds
    one frame only, which stands in all four.
    """
    latents = encoder.encode_ends(first, frames, last)
    mask = torch.zeros(FRAMES_PER_LATENT, *latents.shape[1:], device=latents.device)
    mask[:, 0] = 1
    if last is not None:
        mask[-1, -1] = 1
    return torch.cat([mask, latents])


def check_frames(frames: int) -> None:
    """Raise `ValueError` unless the number of frames is 4n + 1."""
    if frames < 1 or frames % FRAMES_PER_LATENT != 1:
        raise ValueError(
            f"A video of {frames} frames has no whole latents; use 4n + 1 frames, 81 for example."
        )


def _ends(first: Tensor, frames: int, last: Tensor | None) -> Iterator[Tensor]:
    yield first.unsqueeze(1)
    groups = frames // FRAMES_PER_LATENT
    zeros = first.new_zeros(3, FRAMES_PER_LATENT, *first.shape[1:])
    for group in range(groups):
        if last is None or group < groups - 1:
            yield zeros
        else:
            yield torch.cat([zeros[:, 1:], last.unsqueeze(1).to(zeros)], dim=1)
