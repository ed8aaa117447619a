"""The same denoising steps by diffusers' own transformer and scheduler, for comparison in one process."""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import UniPCMultistepScheduler, WanTransformer3DModel
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.sampling.flow_schedule import TRAINING_STEPS
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.serving.bench.step_figures import StepFigures
from polyreel_inference.serving.bench.stopwatch import TimedGate

# What diffusers keeps in float32 when it loads the model in another type; the rest runs in that type.
_FLOAT32_PARTS = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")


def measure_diffusers(
    transformers: Sequence[WanTransformer], request: DenoiseRequest, backend: Backend, warm_up: int
) -> StepFigures:
    """Time the steps of `request` but the first `warm_up`, in the order of diffusers' Wan pipelines.

    The weights are those of `transformers`, one or two experts, brought to the types diffusers would load
    them in, so nothing is held twice; they are not to be used by us afterwards.
    """
    for transformer in transformers:
        _retype(transformer, backend.dtype)
    scheduler: Any = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=request.shift
    )
    scheduler.set_timesteps(request.steps, device=backend.device)
    latents = backend.randn((1, *request.shape), torch.Generator().manual_seed(request.seed))
    gate = TimedGate(backend, warm_up)
    with torch.no_grad():
        branches = _branches(request, backend)
        condition = _batch_of_one(request.condition, backend)
        for step, timestep in enumerate(scheduler.timesteps):
            gate.step(step)
            transformer = transformers[_expert(request, timestep)]
            seen = latents if condition is None else torch.cat([latents, condition.float()], dim=1)
            velocities = [
                WanTransformer3DModel.forward(
                    transformer,
                    seen.to(backend.dtype),
                    timestep.expand(1),
                    text,
                    _batch_of_one(request.image, backend),
                    return_dict=False,
                )[0]
                for text in branches
            ]
            velocity = velocities[0]
            if len(velocities) == 2:
                velocity = velocities[1] + request.guidance_scale * (velocities[0] - velocities[1])
            latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
    return gate.finish()


def _retype(transformer: WanTransformer, dtype: torch.dtype) -> None:
    for name, parameter in transformer.named_parameters():
        kept = any(part in name.split(".") for part in _FLOAT32_PARTS)
        parameter.data = parameter.data.to(torch.float32 if kept else dtype)


def _expert(request: DenoiseRequest, timestep: Tensor) -> int:
    return int(request.boundary is not None and bool(timestep < request.boundary * TRAINING_STEPS))


def _branches(request: DenoiseRequest, backend: Backend) -> list[Tensor]:
    texts = [request.text] if request.negative_text is None else [request.text, request.negative_text]
    return [text.unsqueeze(0).to(backend.device, backend.dtype) for text in texts]


def _batch_of_one(x: Tensor | None, backend: Backend) -> Tensor | None:
    return None if x is None else x.unsqueeze(0).to(backend.device, backend.dtype)
