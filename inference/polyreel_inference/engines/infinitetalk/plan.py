"""From a job to everything it will do: size, length, people, guidance, seed. No network, no device."""

import zlib
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any, NoReturn

from torch import Tensor

from polyreel_inference.diffusion.negative_prompt import NEGATIVE_PROMPT
from polyreel_inference.engines.infinitetalk.audio.arrangement import AudioMode
from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND
from polyreel_inference.engines.infinitetalk.offer import SHIFTS, Offer
from polyreel_inference.engines.infinitetalk.parameters import LARGEST_AREA, LARGEST_SIDE, SMALLEST_SIDE
from polyreel_inference.engines.infinitetalk.people import people_of, sounds_of
from polyreel_inference.engines.infinitetalk.reference.buckets import (
    Resolution,
    VideoSize,
    bucket_for,
    requested_size,
)
from polyreel_inference.engines.infinitetalk.reference.fitting import covering_size
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource, open_reference
from polyreel_inference.engines.infinitetalk.retiming import frames_at, frames_seen
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import Sampling
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.engines.infinitetalk.sampling.step_cache_coefficients import STEP_CACHE_COEFFICIENTS
from polyreel_inference.engines.infinitetalk.sound_length import speech_frames
from polyreel_inference.engines.infinitetalk.speakers.cast import Cast
from polyreel_inference.engines.infinitetalk.speakers.token_masks import token_masks
from polyreel_inference.host.engine import Job
from polyreel_inference.host.errors import EngineError, ErrorCode

# Pixels of a reference once it covers the video; what stands over is cut off.
_LARGEST_COVER = 64_000_000

# Between a square of each class: 640 x 640 and 960 x 960.
_AREAS: dict[Resolution, int] = {"480p": 640 * 640, "720p": 960 * 960}


@dataclass(frozen=True)
class Plan:
    """What a job does.

    `frames` is the length of the video at the model's 25 frames per second, `shown` the one at `fps`. `masks`
    tell several people apart (see `TalkRequest`). `negative_prompt` is None where no forward of `sampling`
    sees it.
    """

    prompt: str
    negative_prompt: str | None
    reference: ReferenceSource
    size: VideoSize
    cast: Cast
    masks: Tensor | None
    audio_mode: AudioMode
    frames: int
    shown: int
    fps: float
    motion_frames: int
    split_scenes: bool
    sampling: Sampling
    color_correction: float
    seed: int
    parameters: dict[str, Any]

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        derived: dict[str, Any] = {
            "width": self.size.width,
            "height": self.size.height,
            "frames": self.shown,
            "seconds": round(self.shown / self.fps, 6),
            "shift": self.sampling.shift,
            "seed": self.seed,
        }
        used = self.parameters | derived
        used.pop("negative_prompt", None)
        if self.negative_prompt is not None:
            used["negative_prompt"] = self.negative_prompt
        return used

    def remarks(self) -> list[str]:
        """What a user should know about the video, in sentences."""
        if "negative_prompt" in self.parameters and self.negative_prompt is None:
            return ["The negative_prompt was not used, as guidance_scale is 1."]
        return []


def reference_of(job: Job) -> Path:
    """Return the file with the reference, picture or video under either name."""
    return job.inputs["image" if "image" in job.inputs else "video"].path


def plan_job(job: Job, offer: Offer) -> Plan:
    """Derive what the parameters leave open. Raises `EngineError` for what contradicts itself.

    Raises `UnreadableMedia` for inputs that cannot be read.
    """
    given = job.parameters
    reference = open_reference(reference_of(job))
    size = _size(given, reference)
    people = people_of(job, reference)
    sampling = _sampling(given, _class_of(size))
    fps, motion_frames = float(given["fps"]), int(given["motion_frames"])
    if motion_frames % 4 != 1:
        below = motion_frames // 4 * 4 + 1 if motion_frames % 4 > 1 else max(1, motion_frames - 3)
        _refuse(
            f"The parameter motion_frames is {motion_frames}, but must be 4m+1;"
            f" the nearest are {below} and {below + 4}."
        )
    mode: AudioMode = given["audio_mode"]
    frames, shown = _lengths(given, offer, speech_frames(sounds_of(job), mode), fps)
    negative = str(given.get("negative_prompt", NEGATIVE_PROMPT)) if sampling.needs_negative_text else None
    return Plan(
        prompt=str(given["prompt"]).strip(),
        negative_prompt=negative,
        reference=reference,
        size=size,
        cast=people,
        masks=token_masks(people.areas, size.width, size.height) if people.areas else None,
        audio_mode=mode,
        frames=frames,
        shown=shown,
        fps=fps,
        motion_frames=motion_frames,
        split_scenes=bool(given["scene_seg"]),
        sampling=sampling,
        color_correction=float(given["color_correction_strength"]),
        seed=int(given["seed"]) if "seed" in given else zlib.crc32(job.task_id.encode()),
        parameters=given,
    )


def _size(given: dict[str, Any], reference: ReferenceSource) -> VideoSize:
    size = _chosen_size(given, reference)
    rows, columns = covering_size(reference.width, reference.height, size.width, size.height)
    if rows * columns > _LARGEST_COVER:
        _refuse(
            f"The reference is {reference.width}x{reference.height} pixels, of which a video of"
            f" {size.width}x{size.height} would show next to nothing; crop it to the people."
        )
    return size


def _chosen_size(given: dict[str, Any], reference: ReferenceSource) -> VideoSize:
    width, height = given.get("width"), given.get("height")
    if width is None and height is None:
        return bucket_for(reference.width, reference.height, given["resolution"])
    size = requested_size(reference.width, reference.height, width, height)
    for name, side in (("width", size.width), ("height", size.height)):
        if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
            _refuse(
                f"The {name} would be {side} by the shape of the reference, but must be between"
                f" {SMALLEST_SIDE} and {LARGEST_SIDE}; give both width and height."
            )
    if size.width * size.height > LARGEST_AREA:
        _refuse(
            f"{size.width}x{size.height} are {size.width * size.height} pixels; a frame may have at most"
            f" {LARGEST_AREA} (1920x1088)."
        )
    return size


def _class_of(size: VideoSize) -> Resolution:
    """The class of trained sizes that is nearest in area."""
    return min(_AREAS, key=lambda name: abs(log(size.width * size.height / _AREAS[name])))


def _sampling(given: dict[str, Any], resolution: Resolution) -> Sampling:
    cached = bool(given["use_teacache"]) and float(given["teacache_thresh"]) > 0
    projection = ProjectionSettings(float(given["apg_momentum"]), float(given["apg_norm_threshold"]))
    return Sampling(
        steps=int(given["steps"]),
        shift=float(given.get("shift", SHIFTS[resolution])),
        text_scale=float(given["guidance_scale"]),
        audio_scale=float(given["audio_guidance_scale"]),
        projection=projection if given["use_apg"] else None,
        step_cache_threshold=float(given["teacache_thresh"]) if cached else 0.0,
        step_cache_coefficients=STEP_CACHE_COEFFICIENTS[resolution] if cached else None,
    )


def _lengths(given: dict[str, Any], offer: Offer, spoken: int, fps: float) -> tuple[int, int]:
    """Length at 25 frames per second and at `fps`: that of the speech, or the smallest limit."""
    limits = [spoken]
    if "seconds" in given:
        limits.append(round(float(given["seconds"]) * FRAMES_PER_SECOND))
    elif "frames" not in given and offer.most_frames is not None:
        limits.append(offer.most_frames)
    if offer.mode == "clip":
        limits.append(offer.chunk_frames)
    frames = max(1, min(limits))
    if "frames" not in given:
        return frames, frames_at(fps, frames)
    asked = int(given["frames"])
    if (seen := frames_seen(fps, asked)) < frames:
        return seen, asked
    return frames, min(asked, frames_at(fps, frames))


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
