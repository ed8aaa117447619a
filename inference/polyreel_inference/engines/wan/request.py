"""From a plan and the pictures of a job to what the pipeline is asked."""

import torch
from torch import Tensor

from polyreel_inference.engines.wan.pipeline import VideoRequest
from polyreel_inference.engines.wan.plan import Plan
from polyreel_inference.host.engine import Job
from polyreel_inference.media.image import read_image, resize_and_crop


def video_request(job: Job, plan: Plan) -> VideoRequest:
    """Read the pictures and put everything together."""
    scale, *more = plan.guidance_scales
    return VideoRequest(
        prompt=plan.prompt,
        negative_prompt=plan.negative_prompt if plan.guided else None,
        width=plan.width,
        height=plan.height,
        frames=plan.frames,
        fragments=plan.fragments,
        seed=plan.seed,
        steps=plan.steps,
        shift=plan.shift,
        guidance_scale=scale,
        low_noise_guidance_scale=more[0] if more else None,
        step_cache_threshold=plan.step_cache or 0.0,
        image=_picture(job, "image", plan),
        last_image=_picture(job, "last_image", plan),
    )


def _picture(job: Job, role: str, plan: Plan) -> Tensor | None:
    """The picture of this role, scaled and cut to the video's size: float [3, height, width] in -1..1."""
    if role not in job.inputs:
        return None
    picture = resize_and_crop(read_image(job.inputs[role].path), plan.width, plan.height)
    return torch.from_numpy(picture).permute(2, 0, 1).float().div(127.5).sub(1)
