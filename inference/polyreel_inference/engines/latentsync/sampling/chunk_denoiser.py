"""From noise to the latents of a batch of chunks: steps, guidance and cache."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.engines.latentsync.network.unet import UNet
from polyreel_inference.engines.latentsync.sampling.ddim import DdimSchedule

DEEP_CACHE_INTERVAL = 3
"""How often the original computes the deep layers: in every third step."""


@dataclass(frozen=True)
class DenoiseSettings:
    """How to denoise.

    `guidance_scale` 1.0 (and less) leaves the branch without speech out. The deep layers are computed in
    every `cache_interval`-th step and reused in those between (DeepCache); 1 computes them always. Raises
    `ValueError` for less than one step or interval.
    """

    steps: int = 20
    guidance_scale: float = 1.0
    cache_interval: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.cache_interval < 1:
            raise ValueError(
                "there is at least one step, and a cache is renewed in every first step or later"
            )

    @property
    def guided(self) -> bool:
        """Whether noise is also told without speech."""
        return self.guidance_scale > 1.0


class ChunkDenoiser:
    """Runs the UNet step by step; it keeps nothing of a batch."""

    def __init__(self, unet: UNet, backend: Backend) -> None:
        self._unet, self._backend = unet, backend

    @torch.inference_mode()
    def run(
        self,
        latents: Tensor,
        conditions: Tensor,
        audio: Tensor,
        settings: DenoiseSettings,
        before_step: Callable[[int], None],
    ) -> Tensor:
        """Return the latents of a batch of chunks of equally many frames: float32 [B, F, 4, h, w].

        latents: noise [B, F, 4, h, w]; conditions: mask, masked and whole crop [B, F, 9, h, w]; audio [B, F,
        tokens, width]; all on the device. `before_step` is called with the steps done when the device has
        done them, and ends the run by raising.
        """
        backend = self._backend
        chunks, frames = latents.shape[:2]
        schedule = DdimSchedule.of(settings.steps)
        timesteps = schedule.timesteps.to(backend.device)
        latents = latents.flatten(0, 1).float()
        seen = conditions.flatten(0, 1).to(backend.dtype)
        heard = audio.flatten(0, 1).to(backend.dtype)
        if settings.guided:
            # Chunks without speech go first; silence is all zeros, not the features of silence.
            heard = torch.cat([torch.zeros_like(heard), heard])
            seen = torch.cat([seen, seen])
        deep: Tensor | None = None
        for index in range(settings.steps):
            backend.synchronize()
            before_step(index)
            noisy = latents.to(backend.dtype)
            inputs = torch.cat([torch.cat([noisy, noisy]) if settings.guided else noisy, seen], dim=1)
            time = timesteps[index : index + 1]
            if deep is None or index % settings.cache_interval == 0:
                noise, deep = self._unet(inputs, time, heard, frames)
            else:
                noise = self._unet.reuse(deep, inputs, time, heard, frames)
            if settings.cache_interval == 1:
                deep = None
            latents = schedule.step(index, latents, _guided(noise.float(), settings))
            backend.mark_step()
        whole: Tensor = latents.unflatten(0, (chunks, frames))
        return whole


def _guided(noise: Tensor, settings: DenoiseSettings) -> Tensor:
    """Ho and Salimans, "Classifier-Free Diffusion Guidance" (arXiv 2207.12598)."""
    if not settings.guided:
        return noise
    silent, speaking = noise.chunk(2)
    joined: Tensor = silent + settings.guidance_scale * (speaking - silent)
    return joined
