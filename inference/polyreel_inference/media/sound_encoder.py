"""The sound of a file as AAC, as far as it is asked for."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path

import av
import numpy as np

from polyreel_inference.media.audio import Samples, stereo_blocks
from polyreel_inference.media.fragmented_mp4 import Sample
from polyreel_inference.media.video_writer import AAC_BITS_PER_SECOND, aac_rate, facts_of_sound

FRAME_SAMPLES = 1024
"""Length of a frame of AAC."""

DELAY = FRAME_SAMPLES
"""Samples the encoder puts before the sound, for the decoder to begin with; an edit list hides them.

FFmpeg counts them in where a file is fragmented, its own files too: ffprobe tells a longer sound than is
heard.
"""

_GLOBAL_HEADER = 1 << 22


class SoundEncoder:
    """Encodes the first sound track of `path` at its own rate (or the nearest of `AAC_RATES`).

    It goes on with silence where the file has ended. Mono stays mono; more than two channels become two.
    `configuration` is the AudioSpecificConfig. Raises `UnreadableMedia` at once when the file holds no sound.
    """

    def __init__(self, path: Path) -> None:
        facts = facts_of_sound(path)
        self.sample_rate = aac_rate(facts)
        self.channels = min(2, facts.channels)
        codec = _open_codec(self.sample_rate, self.channels)
        self.configuration = bytes(codec.extradata or b"")
        # Not a method: it would hold this object, that holds it, and the file would stay open until garbage
        # is collected.
        self._packets = _encoded(path, codec)
        self._given = 0

    @property
    def position(self) -> int:
        """Samples of sound given so far; the frames that hold them may have more than was asked for."""
        return self._given - DELAY

    def until(self, sample: int) -> list[Sample]:
        """Return the frames from where the last call ended until all sound before `sample` is in them."""
        frames = max(0, -(-(sample + DELAY - self._given) // FRAME_SAMPLES))
        self._given += frames * FRAME_SAMPLES
        return [Sample(packet, FRAME_SAMPLES) for packet in islice(self._packets, frames)]


def _encoded(path: Path, codec: av.AudioCodecContext) -> Iterator[bytes]:
    silence = np.zeros((0, 2), np.float32)
    sound = chain(stereo_blocks(path, codec.sample_rate, FRAME_SAMPLES), repeat(silence))
    for number, block in enumerate(sound):
        for packet in codec.encode(_frame(block, number, codec)):
            yield bytes(packet)


def _frame(block: Samples, number: int, codec: av.AudioCodecContext) -> av.AudioFrame:
    channels = len(codec.layout.channels)
    planes = np.zeros((channels, FRAME_SAMPLES), np.float32)
    planes[:, : len(block)] = block.T[:channels]
    frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=codec.layout.name)
    frame.sample_rate = codec.sample_rate
    frame.pts = number * FRAME_SAMPLES
    return frame


def _open_codec(sample_rate: int, channels: int) -> av.AudioCodecContext:
    codec = av.AudioCodecContext.create("aac", "w")
    codec.sample_rate = sample_rate
    codec.time_base = Fraction(1, sample_rate)
    codec.layout = "mono" if channels == 1 else "stereo"
    codec.format = "fltp"
    codec.bit_rate = AAC_BITS_PER_SECOND
    codec.flags |= _GLOBAL_HEADER
    codec.open()
    return codec
