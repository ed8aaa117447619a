"""Between crops of a face and their latents."""

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from polyreel_inference.devices.backend import Backend

LATENT_SCALE = 0.18215
"""Makes latents about as wide as noise: Rombach et al., "Latent Diffusion" (arXiv 2112.10752), appendix G."""

_FRAMES_AT_ONCE = 16


class CropAutoencoder:
    """The autoencoder, a few frames at a time, so that its memory does not grow with the batch."""

    def __init__(self, autoencoder: AutoencoderKL, backend: Backend) -> None:
        self._autoencoder, self._backend = autoencoder, backend

    @torch.inference_mode()
    def encode(self, pictures: Tensor, noise: Tensor) -> Tensor:
        """Return latents of pictures [N, 3, r, r] in [-1, 1]: float32 [N, 4, r / 8, r / 8] on the device.

        They are drawn from what the encoder thinks possible, by `noise` of the same shape.
        """
        latents = []
        for part, drawn in self._parts(pictures, noise):
            # The CPU's convolutions lose two digits where channels lie innermost, as in frames of videos.
            planes = part.to(self._backend.dtype).contiguous()
            moments = self._autoencoder.encode(planes).latent_dist
            latents.append((moments.mean.float() + moments.std.float() * drawn.float()) * LATENT_SCALE)
            self._backend.mark_step()
        return torch.cat(latents)

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures of latents [N, 4, h, w]: float32 [N, 3, 8 h, 8 w] on the device, about [-1, 1]."""
        pictures = []
        for (part,) in self._parts(latents):
            scaled = (part.float() / LATENT_SCALE).to(self._backend.dtype)
            pictures.append(self._autoencoder.decode(scaled).sample.float())
            self._backend.mark_step()
        return torch.cat(pictures)

    def _parts(self, *tensors: Tensor) -> list[tuple[Tensor, ...]]:
        moved = [tensor.to(self._backend.device).split(_FRAMES_AT_ONCE) for tensor in tensors]
        return list(zip(*moved, strict=True))
