"""From a job to everything it will do: sizes, lengths, seed, guidance. No network, no device."""

import zlib
from dataclasses import dataclass
from typing import Any, NoReturn

from polyreel_inference.diffusion.negative_prompt import NEGATIVE_PROMPT
from polyreel_inference.diffusion.transformer.step_cache import ALWAYS_COMPUTED_STEPS
from polyreel_inference.engines.wan.offer import Offer
from polyreel_inference.engines.wan.parameters import LONGEST_FRAMES
from polyreel_inference.engines.wan.sizes import choose_size, whole_frames
from polyreel_inference.host.engine import Job
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.image import read_image
from polyreel_inference.serving.progress import Workload


@dataclass(frozen=True)
class Plan:
    """What a job does. `frames` is the length of one fragment, 4n+1; `step_cache` the TeaCache threshold.

    `guidance_scales` has one number for each expert of the model; all 1: no guidance, `negative_prompt` is
    then not used. `asked_frames` is the length that was asked for, before rounding.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    frames: int
    asked_frames: float
    fragments: int
    fps: float
    steps: int
    shift: float
    guidance_scales: tuple[float, ...]
    seed: int
    step_cache: float | None
    parameters: dict[str, Any]

    @property
    def guided(self) -> bool:
        """Whether every step needs a second forward, with the negative prompt."""
        return any(scale > 1 for scale in self.guidance_scales)

    @property
    def total_frames(self) -> int:
        """Frames of the video: where fragments meet, one frame belongs to both."""
        return self.workload.frames

    @property
    def workload(self) -> Workload:
        """Steps and frames of each fragment."""
        added = (self.frames, *[self.frames - 1] * (self.fragments - 1))
        return Workload(self.steps, added, self.width * self.height)

    def texts(self) -> dict[str, str]:
        """What the model reads, by the names that users know."""
        return {"prompt": self.prompt} | ({"negative prompt": self.negative_prompt} if self.guided else {})

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        derived: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "seconds": round(self.frames / self.fps, 6),
            "seed": self.seed,
        }
        if self.guided:
            derived["negative_prompt"] = self.negative_prompt
        if "use_teacache" in self.parameters:
            derived["use_teacache"] = self.step_cache is not None
        if self.step_cache is not None:
            derived["teacache_thresh"] = self.step_cache
        return self.parameters | derived

    def remarks(self) -> list[str]:
        """What a user should know about the video, in sentences."""
        text: list[str] = []
        if abs(self.asked_frames - self.frames) >= 1:
            what = "The video" if self.fragments == 1 else "Each fragment"
            text.append(f"{what} has {self.frames} frames: the model makes 4n+1.")
        if self.fragments > 1:
            text.append(f"{self.fragments} fragments are joined to {self.total_frames} frames.")
        return text


def plan_job(job: Job, offer: Offer) -> Plan:
    """Derive what the parameters leave open. Raises `EngineError` for what contradicts itself."""
    given = job.parameters
    prompt = str(given.get("prompt", "")).strip()
    if not prompt and not offer.takes_image:
        _refuse("A prompt is required: say what is to be seen.")
    scales = _guidance_scales(given, offer)
    if "negative_prompt" in given and max(scales) <= 1:
        _refuse(
            "The negative_prompt acts only with a guidance_scale above 1; leave it out or raise the scale."
        )
    asked = float(given["frames"]) if "frames" in given else float(given["seconds"]) * float(given["fps"])
    frames = whole_frames(asked)
    if frames > LONGEST_FRAMES:
        _refuse(
            f"{given['seconds']:g} seconds at {given['fps']:g} frames per second are {frames} frames;"
            f" a fragment may have at most {LONGEST_FRAMES}."
        )
    if frames == 1 and given["num_fragments"] > 1:
        _refuse(
            "Fragments of one frame cannot be joined to a video; ask for more frames or for one fragment."
        )
    usual_width, usual_height = offer.size
    width, height = choose_size(
        given.get("width"), given.get("height"), usual_width * usual_height, _aspect(job, offer)
    )
    return Plan(
        prompt=prompt,
        negative_prompt=str(given.get("negative_prompt", NEGATIVE_PROMPT)),
        width=width,
        height=height,
        frames=frames,
        asked_frames=asked,
        fragments=int(given["num_fragments"]),
        fps=float(given["fps"]),
        steps=int(given["steps"]),
        shift=float(given["shift"]),
        guidance_scales=scales,
        seed=int(given["seed"]) if "seed" in given else zlib.crc32(job.task_id.encode()),
        step_cache=_step_cache(given, offer),
        parameters=given,
    )


def _guidance_scales(given: dict[str, Any], offer: Offer) -> tuple[float, ...]:
    if offer.distilled:
        return (1.0,) if offer.low_noise_guidance_scale is None else (1.0, 1.0)
    names = ("guidance_scale", "guidance_scale_2")
    return tuple(float(given[name]) for name in names if name in given)


def _step_cache(given: dict[str, Any], offer: Offer) -> float | None:
    threshold = given.get("teacache_thresh")
    if not given.get("use_teacache"):
        if threshold is not None:
            _refuse(
                "The parameter teacache_thresh acts only with use_teacache; leave it out or switch the cache"
                " on."
            )
        return None
    if int(given["steps"]) <= ALWAYS_COMPUTED_STEPS:
        if threshold is not None or not offer.step_cache:
            _refuse(
                f"The step cache would skip nothing: the first {ALWAYS_COMPUTED_STEPS} steps are always"
                " computed; leave use_teacache out or ask for more steps."
            )
        return None
    return float(threshold) if threshold is not None else offer.step_cache_threshold


def _aspect(job: Job, offer: Offer) -> float:
    """Width divided by height of the picture, or of the model's usual video. Looks at every picture given."""
    pictures = [read_image(job.inputs[role].path) for role in ("image", "last_image") if role in job.inputs]
    if not pictures:
        return offer.size[0] / offer.size[1]
    rows, columns = pictures[0].shape[:2]
    return float(columns / rows)


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
