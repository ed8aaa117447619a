"""Latents to frames, four at a time."""

from collections.abc import Iterator

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.vae.causal_cache import CausalCache
from polyreel_inference.diffusion.vae.latent_scale import LatentScale


class StreamingDecoder:
    """Decodes with the Wan 2.1 autoencoder so that only the frames of one latent are held at a time."""

    def __init__(self, vae: AutoencoderKLWan, backend: Backend) -> None:
        self._vae = vae
        self._backend = backend
        self._scale = LatentScale(vae)

    def frames(self, latents: Tensor) -> Iterator[Tensor]:
        """Yield float32 frames [n, 3, height, width] in -1..1 on the device: 1 for the first latent, then 4.

        `latents` are the transformer's, [16, T, h, w], on any device; height = 8 h, width = 8 w. The frames
        are those of decoding all at once.
        """
        vae, device = self._vae, self._backend.device
        cache = CausalCache(vae.decoder)
        for latent in latents.split(1, dim=1):
            # Entered for each latent: a generator that waits must not leave its mode to the caller.
            with torch.no_grad():
                x = self._scale.restored(latent.unsqueeze(0).to(device)).to(vae.dtype)
                decoded = cache.run(vae.post_quant_conv(x)).float().clamp_(-1, 1)
            self._backend.mark_step()
            yield decoded[0].transpose(0, 1)
