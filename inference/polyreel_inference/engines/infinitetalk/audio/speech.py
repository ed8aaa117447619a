"""Speech as the model listens to it: mono at 16 kHz, whatever the file."""

import math
from pathlib import Path

import numpy as np
import soxr

from polyreel_inference.media.audio import Samples, read_audio
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.probe import probe

SPEECH_RATE = 16_000
"""Samples per second the speech encoder was trained on."""

FRAMES_PER_SECOND = 25
"""Frames per second of the model's videos; one frame is heard for each of them."""

SAMPLES_PER_FRAME = SPEECH_RATE // FRAMES_PER_SECOND


def load_speech(path: Path) -> Samples:
    """Read the first sound track of any music or video file: float32 [samples] at 16 kHz.

    Channels are averaged, then resampled by soxr in its high quality, which is what librosa does too. Raises
    `UnreadableMedia` without readable sound.
    """
    facts = probe(path)
    if not facts.has_audio:
        raise UnreadableMedia("The file holds no sound.")
    samples = read_audio(path, facts.sample_rate)
    if not np.isfinite(samples).all():
        raise UnreadableMedia("The sound track is damaged: some of its samples are no numbers.")
    return resample_speech(samples, facts.sample_rate)


def resample_speech(samples: Samples, rate: int) -> Samples:
    """Resample mono sound from `rate` Hz to 16 kHz; as many samples as cover the same time."""
    if rate == SPEECH_RATE:
        return samples
    wanted = math.ceil(len(samples) * SPEECH_RATE / rate)
    resampled = np.asarray(soxr.resample(samples, rate, SPEECH_RATE), np.float32)[:wanted]
    return np.pad(resampled, (0, wanted - len(resampled)))


def frames_of(samples: int) -> int:
    """Return how many frames of video `samples` at 16 kHz fill; a begun frame does not count."""
    return samples // SAMPLES_PER_FRAME
