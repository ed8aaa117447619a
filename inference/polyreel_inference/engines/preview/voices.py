"""The sound of a talking job: who speaks when, and the one sound track of the video."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polyreel_inference.engines.preview.sound import ANALYSIS_RATE, Speech, analyse
from polyreel_inference.host.engine import Job
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import (
    audio_duration,
    concatenate_audio,
    frames_for,
    mix_audio,
    read_audio,
)

SHORTEST_S = 0.1
"""Shorter sound holds not even a syllable."""


@dataclass(frozen=True)
class Voices:
    """One or two speakers: `starts` and `durations` in seconds, of a video of `frames` frames at `fps`."""

    paths: tuple[Path, ...]
    starts: tuple[float, ...]
    durations: tuple[float, ...]
    one_after_another: bool
    fps: float
    frames: int

    def speeches(self) -> list[Speech]:
        """The mouth movement of each speaker over the whole video."""
        speeches = []
        for path, start, duration in zip(self.paths, self.starts, self.durations, strict=True):
            samples = np.asarray(read_audio(path, ANALYSIS_RATE), np.float32)
            own = analyse(samples, self.fps, frames_for(duration, self.fps))
            speeches.append(own.padded(round(start * self.fps), self.frames))
        return speeches

    def track(self, workspace: Path) -> Path:
        """The file with the sound of all speakers; two are joined into a new file in `workspace`."""
        if len(self.paths) == 1:
            return self.paths[0]
        joined = workspace / "voices.wav"
        (concatenate_audio if self.one_after_another else mix_audio)(self.paths, joined)
        return joined


def voices_of(job: Job, fps: float) -> Voices:
    """Measure the sound inputs of a job. Raises `EngineError` AUDIO_TOO_SHORT below 0.1 s."""
    paths = [job.inputs[role].path for role in ("audio", "audio2") if role in job.inputs]
    durations = [audio_duration(path) for path in paths]
    if min(durations) < SHORTEST_S:
        raise EngineError(
            ErrorCode.AUDIO_TOO_SHORT,
            f"The sound is {min(durations):.2f} s long; at least {SHORTEST_S} s are needed to speak.",
        )
    in_turn = len(paths) == 2 and job.parameters.get("audio_mode") == "add"
    total = sum(durations) if in_turn else max(durations)
    limit = job.parameters.get("seconds")
    if limit is not None:
        total = min(total, float(limit))
    starts = [0.0, durations[0]] if in_turn else [0.0] * len(paths)
    return Voices(
        tuple(paths), tuple(starts[: len(paths)]), tuple(durations), in_turn, fps, frames_for(total, fps)
    )


def together(speeches: list[Speech]) -> Speech:
    """All voices in one mouth: the more open one leads in each frame."""
    lead = np.argmax(np.stack([speech.openness for speech in speeches]), axis=0)
    frames = np.arange(len(lead))
    return Speech(
        np.stack([speech.openness for speech in speeches])[lead, frames],
        np.stack([speech.width for speech in speeches])[lead, frames],
        np.max(np.stack([speech.level for speech in speeches]), axis=0),
    )
