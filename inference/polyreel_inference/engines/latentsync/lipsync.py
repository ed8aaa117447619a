"""One job from its plan to its outputs."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from polyreel_inference.engines.latentsync.audio.speech import load_speech
from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder
from polyreel_inference.engines.latentsync.faces.face_choice import FaceChoice, FollowedFace, LargestFace
from polyreel_inference.engines.latentsync.faces.first_look import shows_a_face
from polyreel_inference.engines.latentsync.faces.landmark_source import LandmarkSource
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFootage, AlignedFrame
from polyreel_inference.engines.latentsync.pictures.alignment import Template
from polyreel_inference.engines.latentsync.pictures.paste import Paster
from polyreel_inference.engines.latentsync.plan import Plan
from polyreel_inference.engines.latentsync.preparing import Preparation, PreparedGroup, group_frames
from polyreel_inference.engines.latentsync.progress import SyncProgress
from polyreel_inference.engines.latentsync.recording import Recording
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DEEP_CACHE_INTERVAL, DenoiseSettings
from polyreel_inference.engines.latentsync.synchronising import Synchroniser
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise, SynthesisRequest
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.video_reader import VideoReader
from polyreel_inference.serving.overlap.ahead import Ahead

_OVERLAP_SECONDS = 2.0
"""How much of its sound a segment of 30 seconds shares with the next one."""

_PATIENCE_SECONDS = 1.0
"""How long a person may be out of sight and still be the one who is followed."""


@dataclass(frozen=True)
class Studio:
    """What jobs are made with.

    `synthesize` makes the chunks of a request on all ranks and calls its second argument before every
    denoising step with those done and the number of all. `resolution` is the side of the crops.
    """

    whisper: WhisperEncoder
    landmarks: LandmarkSource
    resolution: int
    chunks_at_once: int
    synthesize: Callable[[SynthesisRequest, Callable[[int, int], None]], list[Tensor]]


class Lipsync:
    """Makes one video, a group of frames at a time.

    Three groups are under way: the device makes the mouths of one, while one thread reads the next one and
    looks for its faces, and another pastes and encodes the one before. The device's work and all reports
    stay in the thread of the job.
    """

    def __init__(self, plan: Plan, job: Job, reporter: Reporter, studio: Studio) -> None:
        self._plan, self._job, self._reporter, self._studio = plan, job, reporter, studio
        self._video = VideoReader(plan.video, plan.fps)
        self._order = FrameOrder(plan.frames, len(self._video), plan.fps)

    def make(self) -> None:
        """Run the job. Raises `EngineError` FACE_NOT_DETECTED before anything is computed on the device."""
        plan, studio, reporter = self._plan, self._studio, self._reporter
        reporter.progress("loading", 0.0, message="Looking for a face")
        distinct = self._order.distinct
        if not shows_a_face(self._video, distinct, studio.landmarks, reporter.check_cancelled):
            raise EngineError(
                ErrorCode.FACE_NOT_DETECTED,
                "No face was found in the video. Use footage in which a face is seen from the front, at least"
                " 50 pixels wide and 80 high.",
            )
        reporter.progress("loading", 0.01, message="Listening to the speech")
        template = Template(studio.resolution)
        progress = SyncProgress(reporter, plan.frames, group_frames(self._order, studio.chunks_at_once))
        recording = Recording(plan, self._job.workspace, reporter, progress)

        def synthesize(group: PreparedGroup, request: SynthesisRequest) -> list[Tensor]:
            def before_step(done: int, steps: int) -> None:
                recording.listen()
                progress.step(group.first, done, steps)

            made = studio.synthesize(request, before_step)
            progress.denoised(group.first)
            return made

        synchroniser = Synchroniser(synthesize, Paster(template, plan.pasted), with_mask=plan.mask)
        with Ahead(partial(self._prepared, template), "footage") as prepared:
            recording.record(synchroniser.groups(prepared))

    def _prepared(
        self, template: Template, check_wanted: Callable[[], None]
    ) -> Generator[PreparedGroup, None, None]:
        """Listen, look for faces and cut them out: what the CPU does while the device makes another group."""
        plan, studio = self._plan, self._studio

        def check() -> None:
            check_wanted()
            self._reporter.check_cancelled()

        features = SpeechFeatures(
            studio.whisper,
            load_speech(plan.sound, check),
            overlap_seconds=_OVERLAP_SECONDS if plan.overlapped_sound else 0.0,
            check=check,
        )
        preparation = Preparation(
            self._order,
            features,
            JobNoise(plan.seed, studio.resolution),
            DenoiseSettings(plan.steps, plan.guidance_scale, DEEP_CACHE_INTERVAL if plan.deep_cache else 1),
            chunks_at_once=studio.chunks_at_once,
        )
        with closing(self._footage(template, check)) as footage:
            yield from preparation.groups(footage)

    def _footage(self, template: Template, check: Callable[[], None]) -> Generator[AlignedFrame, None, None]:
        plan = self._plan
        footage = AlignedFootage(
            self._video,
            self._order,
            self._studio.landmarks,
            self._choice(),
            template,
            plan.alignment,
            check,
        )
        for frame in footage:
            if frame.crop is None and plan.face_in_every_frame:
                raise EngineError(
                    ErrorCode.FACE_NOT_DETECTED,
                    f"No face is seen at second {frame.source / plan.fps:.2f} of the video. Cut it out,"
                    " or ask with no_face keep for such frames to stay as they are.",
                )
            yield frame

    def _choice(self) -> FaceChoice:
        if self._plan.face is None:
            return LargestFace()
        return FollowedFace(self._plan.face, round(_PATIENCE_SECONDS * self._plan.fps))
