"""How long people speak, without holding what they say."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from polyreel_inference.engines.infinitetalk.audio.arrangement import AudioMode
from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND, SPEECH_RATE, frames_of
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import audio_blocks
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.probe import probe


def speech_frames(sounds: Sequence[Path], mode: AudioMode) -> int:
    """Return how many frames at 25 per second the speech of all fills, as `load_voices` lays it out.

    Raises `UnreadableMedia` for files without readable sound and `EngineError` when it fills not even one.
    """
    lengths = [_samples(sound) for sound in sounds]
    frames = frames_of(sum(lengths) if mode == "add" else max(lengths))
    if frames < 1:
        raise EngineError(
            ErrorCode.AUDIO_TOO_SHORT,
            f"The sound is too short for a video: it needs at least {1 / FRAMES_PER_SECOND} seconds.",
        )
    return frames


def _samples(sound: Path) -> int:
    """Samples at 16 kHz after `load_speech`."""
    facts = probe(sound)
    if not facts.has_audio:
        raise UnreadableMedia("The file holds no sound.")
    own = sum(len(block) for block in audio_blocks(sound, facts.sample_rate, facts.sample_rate))
    return ceil(own * SPEECH_RATE / facts.sample_rate)
