"""Talk: a portrait or a video, and one or two voices, become a talking video."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.blink import blink_curve
from polyreel_inference.engines.preview.delivery import Delivery
from polyreel_inference.engines.preview.face_track import scan
from polyreel_inference.engines.preview.filming import Filming
from polyreel_inference.engines.preview.footage import speak_in
from polyreel_inference.engines.preview.framing import Framing, choose_size
from polyreel_inference.engines.preview.head_motion import head_path
from polyreel_inference.engines.preview.sound import Speech
from polyreel_inference.engines.preview.sound_ring import SoundRing
from polyreel_inference.engines.preview.talking_face import TalkingPicture, prepare
from polyreel_inference.engines.preview.voices import Voices, together, voices_of
from polyreel_inference.engines.preview.words import liveliness_of
from polyreel_inference.faces.landmarks import Face, FaceFinder
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.image import read_image
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader

Image = NDArray[np.uint8]

NO_FACE = "No face was found: the picture moves gently and a ring shows the sound."
ONE_FACE = "Only one face was found: it speaks both voices."


@dataclass(frozen=True)
class TalkPlan:
    """Everything a talk job does, derived from its parameters and inputs."""

    size: tuple[int, int]
    source: tuple[int, int]
    voices: Voices
    seed: int
    parameters: dict[str, Any]

    def resolved(self) -> dict[str, Any]:
        """All parameters in effect."""
        width, height = self.size
        return {
            **self.parameters,
            "width": width,
            "height": height,
            "fps": self.voices.fps,
            "seconds": round(self.voices.frames / self.voices.fps, 6),
            "seed": self.seed,
        }


def seed_of(job: Job) -> int:
    """The seed asked for, or one that stays the same when the task is tried again."""
    seed = job.parameters.get("seed")
    return int(seed) if seed is not None else zlib.crc32(job.task_id.encode())


def plan_talk(job: Job) -> TalkPlan:
    """Measure the inputs of a talk job. Raises `EngineError` when they cannot make a video."""
    if "image" in job.inputs:
        picture = read_image(job.inputs["image"].path)
        source = picture.shape[1], picture.shape[0]
    else:
        facts = probe(job.inputs["video"].path)
        if not facts.has_video:
            raise EngineError(ErrorCode.INVALID_INPUT, "The reference video holds no picture, only sound.")
        source = facts.width, facts.height
    voices = voices_of(job, float(job.parameters["fps"]))
    return TalkPlan(choose_size(job.parameters, source), source, voices, seed_of(job), job.parameters)


def talk(job: Job, reporter: Reporter) -> str:
    """Run a talk job; returns what the user should know about the result."""
    reporter.progress("loading", 0.0, message="Listening to the sound")
    plan = plan_talk(job)
    speeches = plan.voices.speeches()
    reporter.check_cancelled()
    still = "image" in job.inputs
    frames, message = (_from_image if still else _from_video)(job, reporter, plan, speeches)
    track = plan.voices.track(job.workspace)
    total, fps = plan.voices.frames, plan.voices.fps
    watermark = bool(job.parameters["watermark"])
    with Filming(reporter, job.workspace, plan.size, fps, total, audio=track, watermark=watermark) as film:
        for frame in frames:
            film.add(frame)
        film.finish()
    return message


def cast(faces: list[Face], speeches: list[Speech]) -> tuple[list[Face], list[Speech], str]:
    """Give each voice its face: the largest faces speak, the left one of two is person 1.

    `faces` come largest first. Returns faces and speeches in pairs, and what the user should know.
    """
    if not faces:
        return [], [together(speeches)], NO_FACE
    if len(speeches) > len(faces):
        return faces[:1], [together(speeches)], ONE_FACE
    chosen = sorted(faces[: len(speeches)], key=lambda face: float(face.centre[0]))
    return chosen, speeches, ""


def _from_image(
    job: Job, reporter: Reporter, plan: TalkPlan, speeches: list[Speech]
) -> tuple[Iterator[Image], str]:
    framing = Framing.fill(plan.source, plan.size)
    whole = framing.scale(read_image(job.inputs["image"].path))
    reporter.progress("loading", 0.0, message="Looking for faces")
    with FaceFinder() as finder:
        faces = finder.find(whole)
    faces, speeches, message = cast(faces, speeches)
    framing = _look_at(framing, faces)
    image = framing.cut(whole)
    if not faces:
        return _ring(plan, [image], speeches[0]), message
    offset = np.array([framing.left, framing.top], np.float32)
    seen = [Face(face.points - offset) for face in faces]
    return _move_picture(job, plan, image, seen, speeches), message


def _move_picture(
    job: Job, plan: TalkPlan, image: Image, faces: list[Face], speeches: list[Speech]
) -> Iterator[Image]:
    fps, total = plan.voices.fps, plan.voices.frames
    lively = liveliness_of(str(job.parameters.get("prompt", "")))
    scene = TalkingPicture(*plan.size)
    people = [prepare(face, image, whole_head=True) for face in faces]
    deliveries = [Delivery.of(speech, float(job.parameters["audio_guidance_scale"])) for speech in speeches]
    seeds = [plan.seed + 7919 * person for person in range(len(faces))]
    paths = [head_path(speech.level, fps, seed, lively) for speech, seed in zip(speeches, seeds, strict=True)]
    blinks = [blink_curve(3.6, fps, total, seed) for seed in seeds]
    for frame in range(total):
        poses = [
            delivery.pose(frame, float(blink[frame]))
            for delivery, blink in zip(deliveries, blinks, strict=True)
        ]
        yield scene.render(image, list(zip(people, poses, strict=True)), paths, frame)


def _from_video(
    job: Job, reporter: Reporter, plan: TalkPlan, speeches: list[Speech]
) -> tuple[Iterator[Image], str]:
    reporter.progress("loading", 0.0, message="Looking for faces")
    video = VideoReader(job.inputs["video"].path, plan.voices.fps)
    framing = Framing.fill((video.width, video.height), plan.size)
    faces = scan(video, framing.scale, len(speeches), reporter.check_cancelled)
    faces, speeches, message = cast(faces, speeches)
    framing = _look_at(framing, faces)
    total = plan.voices.frames
    if not faces:
        pictures = (framing.apply(frame) for frame in islice(video.ping_pong(), total))
        return _ring(plan, pictures, speeches[0]), message
    deliveries = [Delivery.of(speech, float(job.parameters["audio_guidance_scale"])) for speech in speeches]
    return speak_in(video, framing, deliveries, total), message


def _look_at(framing: Framing, faces: list[Face]) -> Framing:
    """Move the part the video shows so that it holds the speaking faces."""
    if not faces:
        return framing
    x, y = np.mean([face.centre for face in faces], axis=0)
    return framing.looking_at(float(x), float(y))


def _ring(plan: TalkPlan, pictures: Iterator[Image] | list[Image], speech: Speech) -> Iterator[Image]:
    ring = SoundRing(*plan.size, speech, plan.voices.fps, plan.seed)
    held: Image | None = None
    source = iter(pictures)
    for frame in range(plan.voices.frames):
        held = next(source, held)
        if held is not None:
            yield ring.render(held, frame)
