"""From a job to everything it will do: rate, length, seed, switches. No network, no device."""

import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from polyreel_inference.engines.latentsync.audio.speech import SPEECH_RATE, load_speech
from polyreel_inference.engines.latentsync.audio.speech_features import ROWS_PER_SECOND
from polyreel_inference.engines.latentsync.faces.face_choice import FirstFace
from polyreel_inference.engines.latentsync.parameters import FASTEST
from polyreel_inference.engines.latentsync.pictures.alignment import Smoothing
from polyreel_inference.engines.latentsync.pictures.paste import PastedPart
from polyreel_inference.host.engine import Job
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import frames_for
from polyreel_inference.media.probe import MediaFacts, probe

_USUAL_FPS = 25.0
_SMALLEST_SIDE = 64


@dataclass(frozen=True)
class Plan:
    """What a job does. The speech has `samples` at 16 kHz, the video `frames` at `fps`.

    `face` is who is followed; None: the largest face of each frame.
    """

    video: Path
    sound: Path
    width: int
    height: int
    pixel_aspect: Fraction
    fps: float
    samples: int
    frames: int
    steps: int
    guidance_scale: float
    seed: int
    deep_cache: bool
    mask: bool
    overlapped_sound: bool
    face: FirstFace | None
    alignment: Smoothing
    pasted: PastedPart
    face_in_every_frame: bool
    parameters: dict[str, Any]

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        return self.parameters | {"fps": self.fps, "seed": self.seed}


def plan_job(job: Job) -> Plan:
    """Measure the inputs and derive what the parameters leave open.

    Raises `EngineError` for inputs that cannot make a video, `UnreadableMedia` for those that cannot be read.
    """
    given = job.parameters
    video, sound = job.inputs["video"].path, job.inputs["audio"].path
    facts = _facts_of_video(video)
    fps = float(given["fps"]) if "fps" in given else _rate(facts)
    samples = len(load_speech(sound))
    ends_as_original = given["length"] == "original"
    return Plan(
        video=video,
        sound=sound,
        width=facts.width // 2 * 2,
        height=facts.height // 2 * 2,
        pixel_aspect=facts.pixel_aspect,
        fps=fps,
        samples=samples,
        frames=original_frames(samples, fps) if ends_as_original else frames_for(samples / SPEECH_RATE, fps),
        steps=int(given["steps"]),
        guidance_scale=float(given["guidance_scale"]),
        seed=int(given["seed"]) if "seed" in given else zlib.crc32(job.task_id.encode()),
        deep_cache=bool(given["deepcache"]),
        mask=bool(given["return_mask"]),
        overlapped_sound=given["sound_joins"] == "overlapped",
        face=None if given["face"] == "original" else given["face"],
        alignment=given["alignment"],
        pasted="rectangle" if given["paste"] == "original" else "mouth",
        face_in_every_frame=given["no_face"] == "original",
        parameters=given,
    )


def original_frames(samples: int, fps: float) -> int:
    """Frames the original makes of so much sound at 16 kHz: those whose window begins in it, and one more."""
    rows = samples * ROWS_PER_SECOND // SPEECH_RATE
    frame = 0
    while int(frame * ROWS_PER_SECOND / fps) <= rows:
        frame += 1
    return frame + 1


def _rate(facts: MediaFacts) -> float:
    return min(max(facts.fps or _USUAL_FPS, 1.0), FASTEST)


def _facts_of_video(path: Path) -> MediaFacts:
    facts = probe(path)
    if not facts.has_video:
        _refuse(ErrorCode.INVALID_INPUT, "The video to be synchronised holds no picture, only sound.")
    if min(facts.width, facts.height) < _SMALLEST_SIDE:
        _refuse(
            ErrorCode.INVALID_INPUT,
            f"The video has {facts.width}x{facts.height} pixels; at least {_SMALLEST_SIDE} on both sides are"
            " needed to see a face.",
        )
    return facts


def _refuse(code: ErrorCode, reason: str) -> NoReturn:
    raise EngineError(code, reason)
