"""Makers of small media files. Every video frame carries its own number, readable after lossy coding."""

import subprocess
import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.media.orientation import Frame

_BITS = 8


def numbered_frame(number: int, width: int = 64, height: int = 48) -> Frame:
    """A frame whose upper half shows `number` as black and white bars; the lower half is red, then blue."""
    frame = np.zeros((height, width, 3), np.uint8)
    bar = width // _BITS
    for bit in range(_BITS):
        frame[: height // 2, bit * bar : (bit + 1) * bar] = 255 if number >> bit & 1 else 0
    frame[height // 2 :, : width // 2, 0] = 200
    frame[height // 2 :, width // 2 :, 2] = 200
    return frame


def number_of(frame: Frame) -> int:
    """The number a frame of `numbered_frame` carries."""
    bar = frame.shape[1] // _BITS
    row = frame[frame.shape[0] // 4].mean(axis=1)
    return sum(1 << bit for bit in range(_BITS) if row[bit * bar + bar // 2] > 127)


def numbers(frames: Sequence[Frame]) -> list[int]:
    """The numbers of several frames."""
    return [number_of(frame) for frame in frames]


def write_video(
    path: Path,
    stamps: Sequence[float],
    width: int = 64,
    height: int = 48,
    key_every: int = 5,
    codec: str = "libx264",
    rate: float = 25,
) -> Path:
    """Write one numbered frame per time stamp (seconds), with B-frames; the last one lasts 1 / `rate`."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
        if codec == "libx264":
            stream.time_base = stream.codec_context.time_base = Fraction(1, 12000)
        stream.gop_size = key_every
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "bf": "2", "crf": "20"}
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(numbered_frame(number, width, height), format="rgb24")
            frame.pts = round(stamp * 12000)
            frame.time_base = Fraction(1, 12000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def constant(fps: float, count: int) -> list[float]:
    """Time stamps of `count` frames at constant `fps`."""
    return [number / fps for number in range(count)]


def tone(seconds: float, rate: int, frequency: float = 440.0, volume: float = 0.5) -> NDArray[np.float32]:
    """A sine, float32 [samples]."""
    time = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * frequency * time) * volume).astype(np.float32)


def write_wav(path: Path, channels: Sequence[NDArray[np.float32]], rate: int) -> Path:
    """Write 16-bit PCM, one array per channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.stack(channels, axis=1) * 32767).astype("<i2").tobytes())
    return path


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg on test files."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-nostdin", "-y"]
    subprocess.run([*command, *map(str, arguments)], check=True)
