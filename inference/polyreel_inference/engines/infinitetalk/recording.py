"""From frames to the outputs of a job: each chunk is sent as soon as it is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from polyreel_inference.diffusion.vae.pictures import pictures
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import Frames
from polyreel_inference.engines.infinitetalk.retiming import Retiming
from polyreel_inference.host.engine import Reporter
from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.image import encode_jpeg
from polyreel_inference.media.orientation import Frame
from polyreel_inference.serving.overlap.behind import Behind
from polyreel_inference.serving.progress import JobProgress

# Generated detail is dear: finer than the writer's usual, and still far faster than the model.
_QUALITY, _PRESET = 18, "medium"

_MOST_WAITING = 21
"""Groups of frames that are not encoded yet, at most: those of a chunk of the published length.

Fewer, and the device would wait for the encoder before it goes on with the next chunk.
"""


@dataclass(frozen=True)
class _Group:
    """The next frames of a video in host memory; `ends_chunk` as of `Frames`."""

    pictures: list[Frame]
    ends_chunk: bool


class Recording:
    """The way of one video's frames: poster, frame rate, encoder, progress.

    `frames` are those of the whole video at 25 per second, `shown` at `fps`; `sound` is the file that is
    heard. Frames are encoded in a thread. What comes of it is sent in the thread of the job: with the frames
    that follow, and when it calls `listen`.
    """

    def __init__(self, frames: int, shown: int, fps: float, sound: Path, folder: Path) -> None:
        self._frames, self._file_frames, self._fps = frames, shown, fps
        self._sound, self._folder = sound, folder
        self._encoding = Behind[_Group]("encoder", _MOST_WAITING)

    def record(self, frames: Iterator[Frames], reporter: Reporter, progress: JobProgress) -> None:
        """Send a poster, then the video, chunk by chunk while the next one is made.

        Raises what encoder, reporter and `frames` raise; the thread has ended then.
        """
        groups = map(_on_host, frames)
        first = next(groups)
        poster = self._folder / "poster.jpg"
        poster.write_bytes(encode_jpeg(first.pictures[0], quality=88))
        reporter.output("poster", "image/jpeg", poster)
        height, width = first.pictures[0].shape[:2]
        retiming = Retiming(self._fps, self._frames, self._file_frames)
        with reporter.open_output("result", "video/mp4") as output:
            # It has the sound open: nothing that refers to this object may keep it.
            writer = FragmentWriter(
                lambda data: self._encoding.tell(partial(output.write, data)),
                width,
                height,
                self._fps,
                retiming.frames,
                self._sound,
                crf=_QUALITY,
                preset=_PRESET,
            )
            decoded = 0
            with self._encoding.using(partial(_encode, writer, retiming, reporter.check_cancelled)):
                for group in chain([first], groups):
                    self._encoding.give(group)
                    decoded += len(group.pictures)
                    progress.decoded(decoded)
                self._encoding.finish()

    def listen(self) -> None:
        """Send what is encoded so far. Raises what the encoder or the reporter raises."""
        self._encoding.listen()


def _on_host(frames: Frames) -> _Group:
    return _Group(list(pictures(frames.pictures)), frames.ends_chunk)


def _encode(
    writer: FragmentWriter, retiming: Retiming, check: Callable[[], None], groups: Iterator[_Group]
) -> None:
    for group in groups:
        shown = retiming.take(_chunk(group, groups, check))
        # At few frames per second a chunk may add none.
        if (beginning := next(shown, None)) is not None:
            writer.write(chain([beginning], shown))
    writer.finish()


def _chunk(group: _Group, following: Iterator[_Group], check: Callable[[], None]) -> Iterator[Frame]:
    """The frames of one chunk. The next one is not asked for: its groups come once it is denoised."""
    while True:
        for picture in group.pictures:
            check()
            yield picture
        if group.ends_chunk:
            return
        group = next(following)
