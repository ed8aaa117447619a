"""From noise to the latents of a chunk: the work every rank does."""

import torch
from torch import Tensor

from polyreel_inference.diffusion.sampling.euler import EulerSampler
from polyreel_inference.diffusion.sampling.flow_schedule import even_schedule
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.sampling.branches import Branches
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest, Sampling
from polyreel_inference.engines.infinitetalk.sampling.guidance import Guidance, PlainGuidance
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectedGuidance
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.parallel.gate import Gate


class ChunkDenoiser:
    """The transformer on one rank. It keeps nothing of a chunk."""

    def __init__(self, transformer: InfiniteTalkTransformer, runtime: Runtime) -> None:
        self._transformer = transformer
        self._runtime = runtime

    @torch.inference_mode()
    def run(self, request: ChunkRequest, gate: Gate) -> Tensor:
        """Return the latents, float32 [16, T, h, w] on the device, the same on every rank.

        `gate` is passed before each step, when the device has done all steps before it. Raises what the gate
        raises, and `ValueError` for a request whose parts do not fit each other.
        """
        backend, sampling = self._runtime.backend, request.sampling
        schedule = even_schedule(sampling.steps, sampling.shift)
        sampler, guidance = EulerSampler(schedule), _guidance(sampling)
        branches = Branches(self._transformer, self._runtime, request, schedule.timesteps.to(backend.device))
        motion, condition, latents = (
            part.unsqueeze(0).to(backend.device, torch.float32)
            for part in (request.motion, request.condition, request.noise)
        )
        for step in range(sampling.steps):
            backend.synchronize()
            gate.step(step)
            latents = _beginning_with(motion, latents)
            velocities = branches.velocities(torch.cat([latents, condition], dim=1), step)
            latents = sampler.step(guidance.combine(velocities), step, latents)
            backend.mark_step()
        return _beginning_with(motion, latents)[0]


def _beginning_with(motion: Tensor, latents: Tensor) -> Tensor:
    """The frames a chunk begins with are known; only those behind them are denoised."""
    return torch.cat([motion, latents[:, :, motion.shape[2] :]], dim=2)


def _guidance(sampling: Sampling) -> Guidance:
    if sampling.projection is None:
        return PlainGuidance(sampling.text_scale, sampling.audio_scale)
    return ProjectedGuidance(sampling.text_scale, sampling.audio_scale, sampling.projection)
