"""From noise to latents: the work every rank does for a request."""

from collections.abc import Sequence

import torch
from torch import Tensor

from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.expert import Expert
from polyreel_inference.diffusion.sampling.flow_schedule import TRAINING_STEPS
from polyreel_inference.diffusion.sampling.sampler import open_sampler
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.parallel.gate import Gate


class Denoiser:
    """One model: a transformer, or Wan 2.2's pair in the order high noise, low noise.

    It keeps nothing of a request. `step_cache_coefficients` belong to the model (see `step_cache`); without
    them a request's step cache threshold has to be 0.
    """

    def __init__(
        self,
        transformers: Sequence[WanTransformer],
        runtime: Runtime,
        *,
        step_cache_coefficients: Sequence[float] | None = None,
        batched_guidance: bool = False,
    ) -> None:
        self._transformers = list(transformers)
        self._runtime = runtime
        self._coefficients = step_cache_coefficients
        self._batched_guidance = batched_guidance

    @torch.inference_mode()
    def run(self, request: DenoiseRequest, gate: Gate) -> Tensor:
        """Return the latents, float32 [16, T, h, w] on the device, the same on every rank.

        `gate` is passed before each step, when the device has done all steps before it. Raises what the gate
        raises, and `ValueError` for a request that does not fit the model.
        """
        backend = self._runtime.backend
        sampler = open_sampler(request.method, request.steps, request.shift)
        latents = backend.randn((1, *request.shape), torch.Generator().manual_seed(request.seed))
        condition = None
        if request.condition is not None:
            condition = request.condition.unsqueeze(0).to(backend.device, torch.float32)
        index = 0
        experts = self._experts(request, sampler.schedule.timesteps)
        while experts:
            # Taken out of the list, so that the one before is let go with all it kept.
            expert, steps = experts.pop(0)
            for step in range(steps):
                backend.synchronize()
                gate.step(index)
                seen = latents if condition is None else torch.cat([latents, condition], dim=1)
                latents = sampler.step(expert.velocity(seen, step), index, latents)
                backend.mark_step()
                index += 1
        return latents[0]

    def _experts(self, request: DenoiseRequest, timesteps: Tensor) -> list[tuple[Expert, int]]:
        """Return the experts of a request in order, each with the number of its steps."""
        second = request.low_noise_guidance_scale
        scales = [request.guidance_scale, request.guidance_scale if second is None else second]
        parts = self._parts(request, timesteps)
        return [
            (self._expert(number, request, part, scales[number]), len(part))
            for number, part in enumerate(parts)
        ]

    def _expert(self, number: int, request: DenoiseRequest, timesteps: Tensor, scale: float) -> Expert:
        return Expert(
            self._transformers[number],
            self._runtime,
            request,
            timesteps.to(self._runtime.backend.device),
            guidance_scale=scale,
            coefficients=self._coefficients,
            batched=self._batched_guidance,
        )

    def _parts(self, request: DenoiseRequest, timesteps: Tensor) -> list[Tensor]:
        """Cut the falling timesteps where the second expert takes over."""
        if len(self._transformers) == 1:
            return [timesteps]
        if request.boundary is None:
            raise ValueError("A model of two experts needs the boundary between them.")
        high = int((timesteps >= request.boundary * TRAINING_STEPS).sum())
        return [timesteps[:high], timesteps[high:]]
