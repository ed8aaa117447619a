"""Reading, mixing and joining of sound, streaming, from music files and the sound tracks of videos."""

import math
import wave
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import InvalidDataError
from numpy.typing import NDArray

from polyreel_inference.media.container import open_container, start_seconds
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.limits import LONGEST_SECONDS

Samples = NDArray[np.float32]
"""Sound: float32; mono has the shape [samples], else [samples, channels].

Within [-1, 1], but for lossy formats and mixes of many channels, whose peaks may go beyond.
"""

_BLOCK_SECONDS = 1.0
_SMALLEST_GAP = 0.05
_LARGEST_GAP = 10.0


def read_audio(path: Path, sample_rate: int) -> Samples:
    """Read the whole first sound track as mono at `sample_rate` Hz: float32 [samples].

    Stereo is averaged, more channels are mixed down to stereo first. Sample 0 is the start of the file, so
    it is in step with `VideoReader` of the same file. Raises `UnreadableMedia` without readable sound, and
    when it is longer than `LONGEST_SECONDS`.
    """
    blocks = list(audio_blocks(path, sample_rate, round(sample_rate * _BLOCK_SECONDS)))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def audio_blocks(path: Path, sample_rate: int, block_samples: int) -> Iterator[Samples]:
    """Like `read_audio`, in blocks of `block_samples` samples; only the last one may be shorter."""
    for block in stereo_blocks(path, sample_rate, block_samples):
        yield block.mean(axis=1)


def audio_duration(path: Path) -> float:
    """Length of the first sound track in seconds, by decoding it: headers are often wrong."""
    rate = 48_000
    return sum(len(block) for block in audio_blocks(path, rate, rate)) / rate


def frames_for(duration: float, fps: float) -> int:
    """Number of frames that cover `duration` seconds, at least 1; the last one may stand over."""
    return max(1, math.ceil(duration * fps - 1e-3))


def mix_audio(sources: Sequence[Path], destination: Path, gains: Sequence[float] | None = None) -> None:
    """Lay the sound tracks over each other (all start at 0) and write the sum as WAV.

    The sum is as long as the longest track and lowered as a whole where it would clip. `gains` holds a factor
    for each track, None leaves all as they are.
    """
    rate = _common_rate(sources)
    _write_unclipped(destination, rate, lambda: _mixed_blocks(sources, gains or [1.0] * len(sources), rate))


def concatenate_audio(
    sources: Sequence[Path], destination: Path, gains: Sequence[float] | None = None
) -> None:
    """Write the sound tracks one after the other as WAV, each times its factor of `gains`.

    The whole is lowered where it would clip.
    """
    rate = _common_rate(sources)
    factors = gains or [1.0] * len(sources)

    def joined() -> Iterator[Samples]:
        for source, gain in zip(sources, factors, strict=True):
            for block in stereo_blocks(source, rate, rate):
                yield block * np.float32(gain)

    _write_unclipped(destination, rate, joined)


def _mixed_blocks(sources: Sequence[Path], gains: Sequence[float], rate: int) -> Iterator[Samples]:
    for blocks in zip_longest(*(stereo_blocks(source, rate, rate) for source in sources)):
        mixed = np.zeros((max(len(block) for block in blocks if block is not None), 2), np.float32)
        for block, gain in zip(blocks, gains, strict=True):
            if block is not None:
                mixed[: len(block)] += block * np.float32(gain)
        yield mixed


def _write_unclipped(path: Path, rate: int, blocks: Callable[[], Iterator[Samples]]) -> None:
    """Write 16-bit stereo PCM; `blocks` is run twice, first for the highest sample."""
    peak = max((float(np.abs(block).max(initial=0)) for block in blocks()), default=0.0)
    gain = 1 / max(1.0, peak)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        for block in blocks():
            file.writeframes((np.clip(block * gain, -1, 1) * 32767).round().astype("<i2").tobytes())


def _common_rate(sources: Sequence[Path]) -> int:
    """The highest sample rate of the tracks, so that none loses anything."""
    rates = []
    for source in sources:
        with open_container(source) as container:
            rates.append(_audio_stream(container).codec_context.sample_rate)
    return max(rates)


def stereo_blocks(path: Path, sample_rate: int, block_samples: int) -> Iterator[Samples]:
    """Like `audio_blocks`, but with two channels: [block_samples, 2]; mono stands in both."""
    kept: list[Samples] = []
    held = 0
    for piece in _stereo_pieces(path, sample_rate):
        kept.append(piece)
        held += len(piece)
        if held < block_samples:
            continue
        joined = np.concatenate(kept)
        whole = held - held % block_samples
        for start in range(0, whole, block_samples):
            yield joined[start : start + block_samples]
        kept, held = [joined[whole:]], held - whole
    if held:
        yield np.concatenate(kept)


def _stereo_pieces(path: Path, sample_rate: int) -> Iterator[Samples]:
    with open_container(path) as container:
        stream = _audio_stream(container)
        form, resampler = None, AudioResampler()
        for frame in _without_gaps(container, stream):
            if form != (form := (frame.format.name, frame.layout.name, frame.sample_rate)):
                # Another part of the file: recordings that were joined may differ.
                yield from _last_samples(resampler)
                # Mono is doubled here and not by the resampler, which would lower it by 3 dB.
                layout = "mono" if len(frame.layout.channels) == 1 else "stereo"
                resampler = AudioResampler(format="flt", layout=layout, rate=sample_rate)
            frame.pts = None
            yield from (_samples(piece) for piece in resampler.resample(frame))
        yield from _last_samples(resampler)


def _last_samples(resampler: AudioResampler) -> Iterator[Samples]:
    return (_samples(piece) for piece in resampler.resample(None))


def _samples(frame: AudioFrame) -> Samples:
    channels = len(frame.layout.channels)
    interleaved = np.asarray(frame.to_ndarray(), dtype=np.float32).reshape(-1, channels)
    if not np.isfinite(interleaved).all():
        raise UnreadableMedia("The sound track is damaged: some of its samples are no numbers.")
    return interleaved if channels == 2 else np.repeat(interleaved, 2, axis=1)


def _without_gaps(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decoded frames, with silence where the time stamps leave a gap (late start, lost or damaged packets).

    Longer gaps than `_LARGEST_GAP` are taken for a restart of the clock and closed.
    """
    heard = start_seconds(container)
    lasted = 0.0
    good = damaged = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except InvalidDataError:
            damaged += 1
            continue
        for frame in frames:
            good += 1
            if frame.pts is not None and frame.time_base is not None:
                time = float(frame.pts * frame.time_base)
                if _SMALLEST_GAP < time - heard < _LARGEST_GAP:
                    lasted += time - heard
                    yield _silence(frame, round((time - heard) * frame.sample_rate))
                heard = time
            heard += frame.samples / frame.sample_rate
            lasted += frame.samples / frame.sample_rate
            if lasted > LONGEST_SECONDS:
                raise UnreadableMedia(
                    f"The sound is too long: at most {LONGEST_SECONDS / 3600:g} hours are allowed."
                )
            yield frame
    if good <= damaged:
        raise UnreadableMedia("The sound track is empty or damaged.")


def _silence(like: AudioFrame, samples: int) -> AudioFrame:
    frame = AudioFrame(format=like.format.name, layout=like.layout.name, samples=samples)
    frame.sample_rate = like.sample_rate
    for plane in frame.planes:
        # Unsigned samples rest in the middle of their range, all others at zero.
        plane.update(bytes([128 if like.format.name.startswith("u8") else 0]) * plane.buffer_size)
    return frame


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise UnreadableMedia("The file holds no sound.")
    return container.streams.audio[0]
