"""Writing of MP4 files (H.264 and AAC) by ffmpeg processes, which encode while the engine computes."""

import subprocess
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import imageio_ffmpeg
import numpy as np

from polyreel_inference.media import container
from polyreel_inference.media.errors import EncodingFailed, UnreadableMedia
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.probe import MediaFacts, probe
from polyreel_inference.media.x264 import x264_parameters

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates in Hz every player of AAC takes; the format knows higher ones that few play."""

AAC_BITS_PER_SECOND = 160_000


class VideoWriter:
    """Writes frames of `width` x `height` pixels at constant `fps` to an MP4 file at `path`.

    H.264 in yuv420p (BT.709), index at the front, playable everywhere. That pixel format needs even sizes: an
    odd width or height loses its last column or row. A pixel is `pixel_aspect` times as wide as high.
    `audio` is any file with sound; it is encoded as AAC at its own sample rate (or the nearest one of
    `AAC_RATES`) and cut or padded with silence to the duration of the frames, frames / fps, so give
    `frames_for(audio_duration(audio), fps)` frames to keep all of it. It must stay in place until the end:
    only then the length it has to get is known.

    Use as a context manager: leaving it finishes the file, leaving it by an exception removes it. The file
    appears at `path` only when it is complete. Raises `EncodingFailed` when ffmpeg fails, and
    `UnreadableMedia` at once when `audio` holds no sound.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        audio: Path | None = None,
        *,
        crf: int = 20,
        preset: str = "veryfast",
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        if width < 2 or height < 2 or not 0 < fps <= 240:
            raise ValueError(f"cannot write video of {width}x{height} at {fps} fps")
        self.path = path
        self.fps = fps
        self.frames = 0
        self._shape = (height, width, 3)
        self._audio = None if audio is None else (audio, facts_of_sound(audio))
        self._silent = path.with_name(f".{path.name}.silent.part")
        self._complete = path.with_name(f".{path.name}.part")
        self._errors = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - lives as long as the process
        command = _encode_frames(width, height, fps, crf, preset, pixel_aspect, self._silent)
        self._process = self._start(command, subprocess.PIPE)
        self._frames_in = cast(IO[bytes], self._process.stdin)

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.abort()

    def write(self, frame: Frame) -> None:
        """Append a frame, uint8 RGB [height, width, 3]; blocks while the encoder is behind."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"expected a uint8 frame of {self._shape}, got {frame.dtype} {frame.shape}")
        try:
            self._frames_in.write(np.ascontiguousarray(frame).data)
        except OSError as error:  # ffmpeg has ended; its own words say why
            raise self._failure() from error
        self.frames += 1

    def finish(self) -> None:
        """Wait for the encoder, add the sound and put the file at `path`; at least one frame is needed."""
        if self.frames == 0:
            self.abort()
            raise EncodingFailed("no frame was written")
        self._wait()
        finished = self._silent
        if self._audio is not None:
            command = _add_sound(self._silent, *self._audio, self.frames / self.fps, self._complete)
            self._process = self._start(command, subprocess.DEVNULL)
            self._wait()
            finished = self._complete
        finished.replace(self.path)
        self.abort()

    def abort(self) -> None:
        """Stop the encoder and remove its unfinished files; may be called at any time, also twice."""
        if self._process.poll() is None:
            self._process.kill()
        with suppress(OSError):  # bytes a dead encoder no longer takes
            self._frames_in.close()
        self._process.wait()
        self._errors.close()
        self._silent.unlink(missing_ok=True)
        self._complete.unlink(missing_ok=True)

    def _start(self, command: list[str], stdin: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=self._errors)

    def _wait(self) -> None:
        try:
            self._process.communicate()
        except OSError as error:
            raise self._failure() from error
        if self._process.returncode != 0:
            raise self._failure()

    def _failure(self) -> EncodingFailed:
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read(16_384).decode(errors="replace").strip()
        self.abort()
        return EncodingFailed(f"ffmpeg ended with {self._process.returncode}: {said}")


def aac_rate(sound: MediaFacts) -> int:
    """The rate of `AAC_RATES` nearest to the sound's own."""
    return min(AAC_RATES, key=lambda rate: abs(rate - sound.sample_rate))


def facts_of_sound(audio: Path) -> MediaFacts:
    """Read the facts of a file with sound. Raises `UnreadableMedia` when it holds none."""
    facts = probe(audio)
    if not facts.has_audio:
        raise UnreadableMedia("The file that is to give the sound holds none.")
    return facts


def _encode_frames(
    width: int, height: int, fps: float, crf: int, preset: str, pixel_aspect: Fraction, target: Path
) -> list[str]:
    return [
        *_ffmpeg(),
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{width}x{height}"),
        *("-framerate", repr(fps), "-i", "pipe:0"),
        # Without the explicit matrix ffmpeg would convert by BT.601 and players would guess.
        "-vf",
        "crop=trunc(iw/2)*2:trunc(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
        f",setsar={pixel_aspect.numerator}/{pixel_aspect.denominator}",
        *("-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-x264-params", x264_parameters()),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{target}"),
    ]


def _add_sound(silent: Path, audio: Path, facts: MediaFacts, seconds: float, target: Path) -> list[str]:
    return [
        *_ffmpeg(),
        *("-i", f"file:{silent}"),
        *("-protocol_whitelist", container.PROTOCOLS, "-format_whitelist", container.FORMATS),
        *("-i", f"file:{audio}"),
        *("-map", "0:v:0", "-c:v", "copy", "-map", "1:a:0"),
        # Sound that starts late is filled from 0 on, as `read_audio` does.
        *("-af", f"aresample=async=1:first_pts=0,apad,atrim=end={seconds:.6f}"),
        *(
            "-c:a",
            "aac",
            "-b:a",
            str(AAC_BITS_PER_SECOND),
            "-ar",
            str(aac_rate(facts)),
            "-ac",
            str(min(2, facts.channels)),
        ),
        *("-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", f"file:{target}"),
    ]


def _ffmpeg() -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
