"""Silent clips: t2v paints a scene from words, i2v moves a camera over a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.filming import Filming
from polyreel_inference.engines.preview.framing import Framing, choose_size
from polyreel_inference.engines.preview.image_motion import ImageMotion, choose_move
from polyreel_inference.engines.preview.scene import Scene
from polyreel_inference.engines.preview.talk import seed_of
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.media.image import read_image

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class ClipPlan:
    """Everything a t2v or i2v job does, derived from its parameters and inputs."""

    size: tuple[int, int]
    fps: float
    frames: int
    seed: int
    parameters: dict[str, Any]

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        width, height = self.size
        return {
            **self.parameters,
            "width": width,
            "height": height,
            "fps": self.fps,
            "frames": self.frames,
            "seconds": round(self.frames / self.fps, 6),
            "seed": self.seed,
        }


def plan_clip(job: Job) -> ClipPlan:
    """Length and size of a clip. Raises `UnreadableMedia` for a picture that cannot be read."""
    parameters = job.parameters
    fps = float(parameters["fps"])
    frames = parameters.get("frames")
    if frames is None:
        frames = max(1, round(float(parameters["seconds"]) * fps))
    source = (2, 2)
    for role in ("image", "last_image"):
        if role in job.inputs:
            picture = read_image(job.inputs[role].path)
            source = (picture.shape[1], picture.shape[0]) if role == "image" else source
    return ClipPlan(choose_size(parameters, source), fps, int(frames), seed_of(job), parameters)


def text_to_video(job: Job, reporter: Reporter) -> str:
    """Run a t2v job."""
    reporter.progress("loading", 0.0, message="Composing the scene")
    plan = plan_clip(job)
    prompt, negative = str(job.parameters["prompt"]), str(job.parameters["negative_prompt"])
    scene = Scene(prompt, negative, plan.seed, *plan.size)
    _film(job, reporter, plan, lambda frame: scene.render(frame / plan.fps))
    return ""


def image_to_video(job: Job, reporter: Reporter) -> str:
    """Run an i2v job."""
    reporter.progress("loading", 0.0, message="Reading the picture")
    plan = plan_clip(job)
    image = _fitted(job, "image", plan.size)
    last = _fitted(job, "last_image", plan.size) if "last_image" in job.inputs else None
    move = choose_move(str(job.parameters["prompt"]), plan.seed)
    motion = ImageMotion(image, last, move, plan.frames, plan.fps)
    _film(job, reporter, plan, motion.render)
    return ""


def _fitted(job: Job, role: str, size: tuple[int, int]) -> Image:
    picture = read_image(job.inputs[role].path)
    return Framing.fill((picture.shape[1], picture.shape[0]), size).apply(picture)


def _film(job: Job, reporter: Reporter, plan: ClipPlan, render: Callable[[int], Image]) -> None:
    watermark = bool(job.parameters["watermark"])
    with Filming(reporter, job.workspace, plan.size, plan.fps, plan.frames, watermark=watermark) as film:
        for frame in range(plan.frames):
            film.add(render(frame))
        film.finish()
