"""Between the autoencoder's own latents and those the transformer knows."""

from diffusers import AutoencoderKLWan
from torch import Tensor, tensor


class LatentScale:
    """Latents of mean 0 and deviation 1 per channel, by the constants of the autoencoder's config."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        self._mean = tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
        self._inverse_deviation = 1 / tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)

    def normalized(self, latents: Tensor) -> Tensor:
        """Return (latents - mean) / deviation in float32; latents are [batch, channels, T, h, w]."""
        return (latents.float() - self._mean.to(latents.device)) * self._inverse_deviation.to(latents.device)

    def restored(self, latents: Tensor) -> Tensor:
        """Return latents * deviation + mean in float32."""
        return latents.float() / self._inverse_deviation.to(latents.device) + self._mean.to(latents.device)
