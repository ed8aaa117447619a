"""Speech as LatentSync listens to it: mono at 16 kHz, as integers of 16 bits would hold it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import Samples, audio_blocks
from polyreel_inference.media.errors import UnreadableMedia

SPEECH_RATE = 16_000
"""Samples per second that Whisper was trained on."""

FRAMES_PER_SECOND = 25
"""Frames per second of the model's own time, whatever the rate of the video."""

SAMPLES_PER_FRAME = SPEECH_RATE // FRAMES_PER_SECOND

_LEVELS = 32_768


def load_speech(path: Path, check: Callable[[], None] = lambda: None) -> Samples:
    """Read the first sound track of any music or video file: float32 [samples] at 16 kHz.

    Channels are averaged; samples are rounded to 16 bits, because the original reads them from such a file.
    Calls `check` for every second, to raise when the job is cancelled. Raises `UnreadableMedia` without
    readable sound and `EngineError` (AUDIO_TOO_SHORT) below one frame.
    """
    seconds: list[Samples] = []
    for second in audio_blocks(path, SPEECH_RATE, SPEECH_RATE):
        check()
        seconds.append(second)
    samples = np.concatenate(seconds) if seconds else np.zeros(0, np.float32)
    if not np.isfinite(samples).all():
        raise UnreadableMedia("The sound track is damaged: some of its samples are no numbers.")
    check_length(samples)
    return quantize(samples)


def quantize(samples: Samples) -> Samples:
    """Round samples to what 16-bit integers hold, cutting off what lies beyond [-1, 1)."""
    levels = np.clip(np.rint(samples * _LEVELS), -_LEVELS, _LEVELS - 1)
    rounded: Samples = (levels / _LEVELS).astype(np.float32)
    return rounded


def check_length(samples: Samples) -> None:
    """Raise `EngineError` (AUDIO_TOO_SHORT) when the speech does not fill one frame."""
    if len(samples) < SAMPLES_PER_FRAME:
        raise EngineError(
            ErrorCode.AUDIO_TOO_SHORT,
            f"The speech lasts {len(samples) / SPEECH_RATE:.3f} seconds; at least"
            f" {1 / FRAMES_PER_SECOND} are needed.",
        )
