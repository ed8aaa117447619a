"""Lip sync: the mouths of a video follow a new sound, on every frame of the source."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyreel_inference.engines.preview.delivery import Delivery
from polyreel_inference.engines.preview.face_track import scan
from polyreel_inference.engines.preview.filming import Filming
from polyreel_inference.engines.preview.footage import speak_in
from polyreel_inference.engines.preview.framing import Framing, choose_size
from polyreel_inference.engines.preview.voices import Voices, voices_of
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from polyreel_inference.media.video_writer import VideoWriter

_FASTEST = 60.0


@dataclass(frozen=True)
class LipsyncPlan:
    """Everything a lip-sync job does, derived from its parameters and inputs."""

    size: tuple[int, int]
    voices: Voices
    parameters: dict[str, Any]

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        width, height = self.size
        return {**self.parameters, "width": width, "height": height, "fps": self.voices.fps}


def plan_lipsync(job: Job) -> LipsyncPlan:
    """Measure the inputs of a lip-sync job. Raises `EngineError` when they cannot make a video."""
    facts = probe(job.inputs["video"].path)
    if not facts.has_video:
        raise EngineError(
            ErrorCode.INVALID_INPUT, "The video to be synchronised holds no picture, only sound."
        )
    fps = job.parameters.get("fps")
    if fps is None:
        fps = float(np.clip(facts.fps or 25.0, 1.0, _FASTEST))
    size = choose_size(job.parameters, (facts.width, facts.height))
    return LipsyncPlan(size, voices_of(job, float(fps)), job.parameters)


def lipsync(job: Job, reporter: Reporter) -> str:
    """Run a lip-sync job. Raises `EngineError` FACE_NOT_DETECTED before any work when there is no face."""
    reporter.progress("loading", 0.0, message="Listening to the sound")
    plan = plan_lipsync(job)
    speech = plan.voices.speeches()[0]
    reporter.progress("loading", 0.0, message="Looking for faces")
    video = VideoReader(job.inputs["video"].path, plan.voices.fps)
    framing = Framing.fill((video.width, video.height), plan.size)
    faces = scan(video, framing.scale, 1, reporter.check_cancelled)
    if not faces:
        raise EngineError(
            ErrorCode.FACE_NOT_DETECTED,
            "No face was found in the video. Use footage in which a face is seen from the front, at least a"
            " tenth of the picture high.",
        )
    framing = framing.looking_at(*map(float, faces[0].centre))
    delivery = Delivery.of(speech, float(job.parameters["audio_guidance_scale"]))
    total, fps = plan.voices.frames, plan.voices.fps
    mask_path = job.workspace / "mask.mp4"
    watermark, wants_mask = bool(job.parameters["watermark"]), bool(job.parameters["return_mask"])
    track = plan.voices.track(job.workspace)
    with Filming(reporter, job.workspace, plan.size, fps, total, audio=track, watermark=watermark) as film:
        with VideoWriter(mask_path, *plan.size, fps) if wants_mask else nullcontext() as mask:
            for frame in speak_in(
                video, framing, [delivery], total, mask.write if mask is not None else None
            ):
                film.add(frame)
        film.finish()
    if wants_mask:
        reporter.output("mask", "video/mp4", mask_path)
    return ""
