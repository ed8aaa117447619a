"""From a plan and the files of a job to what the pipeline is asked."""

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.audio.voices import load_voices
from polyreel_inference.engines.infinitetalk.offer import Offer
from polyreel_inference.engines.infinitetalk.people import sounds_of
from polyreel_inference.engines.infinitetalk.pipeline.takes import plan_takes
from polyreel_inference.engines.infinitetalk.pipeline.talk_request import TalkRequest
from polyreel_inference.engines.infinitetalk.plan import Plan, reference_of
from polyreel_inference.engines.infinitetalk.reference.scenes import Scene, split_into_scenes
from polyreel_inference.host.engine import Job
from polyreel_inference.media.audio import Samples


class RequestBuilder:
    """Listens to the sound of jobs and finds the scenes of their references."""

    def __init__(self, encoder: SpeechEncoder, offer: Offer) -> None:
        self._encoder, self._offer = encoder, offer

    def build(self, plan: Plan, job: Job, check: Callable[[], None]) -> tuple[TalkRequest, Path]:
        """Return the request and the file with the sound of the video.

        `check` is called now and then, to raise when the job is cancelled.
        """
        mixed = job.workspace / "sound.wav"
        voices = load_voices(sounds_of(job), plan.cast.tracks, plan.audio_mode, mixed)
        takes = plan_takes(
            self._heard(voices.tracks, check),
            plan.reference,
            _scenes(plan, job, check),
            most_frames=plan.frames,
            chunk_frames=self._offer.chunk_frames,
            motion_frames=plan.motion_frames,
            mode=self._offer.mode,
        )
        request = TalkRequest(
            prompt=plan.prompt,
            negative_prompt=plan.negative_prompt,
            width=plan.size.width,
            height=plan.size.height,
            seed=plan.seed,
            sampling=plan.sampling,
            takes=takes,
            masks=plan.masks,
            color_correction=plan.color_correction,
        )
        return request, voices.sound

    def _heard(self, tracks: Sequence[Samples], check: Callable[[], None]) -> list[Tensor]:
        """Encode the track of each person; all who are silent share one result."""
        silence: Tensor | None = None
        heard = []
        for track in tracks:
            if track.any():
                heard.append(self._encoder.encode(track, check))
            else:
                silence = self._encoder.encode(track, check) if silence is None else silence
                heard.append(silence)
        return heard


def _scenes(plan: Plan, job: Job, check: Callable[[], None]) -> list[Scene]:
    if plan.reference.still or not plan.split_scenes:
        return []
    return split_into_scenes(reference_of(job), plan.frames, check)
