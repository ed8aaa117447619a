"""From finished frames to the outputs of a job: each group is sent as soon as it is made."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from polyreel_inference.devices.process_memory import give_back_heap
from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.plan import Plan
from polyreel_inference.engines.latentsync.progress import SyncProgress
from polyreel_inference.engines.latentsync.synchronising import FinishedFrame
from polyreel_inference.host.engine import OpenOutput, Reporter
from polyreel_inference.media.color_tags import ColorTags
from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.image import encode_jpeg
from polyreel_inference.media.video_writer import VideoWriter
from polyreel_inference.serving.overlap.behind import Behind

# The only encoding of the whole way: fine enough that the untouched part of the picture looks the same.
_QUALITY, _PRESET = 16, "medium"


class Recording:
    """The way of one video's frames: poster, result with the speech, and the mask where it is asked for.

    Frames are pasted and encoded in a thread. What comes of it is sent, and progress reported, in the thread
    of the job: while it waits for the encoder, and when it calls `listen`.
    """

    def __init__(self, plan: Plan, folder: Path, reporter: Reporter, progress: SyncProgress) -> None:
        self._plan, self._folder = plan, folder
        self._reporter, self._progress = reporter, progress
        self._open = ExitStack()
        self._encoding = Behind[Iterator[FinishedFrame]]("encoder")
        self._output: OpenOutput | None = None
        self._mask: VideoWriter | None = None
        self._written = 0

    def record(self, groups: Iterator[Iterator[FinishedFrame]]) -> None:
        """Send a poster, the video, group by group while the next one is made, and the mask."""
        plan, mask_path = self._plan, self._folder / "mask.mp4"
        # It has the sound open: nothing that refers to this object may keep it.
        writer = FragmentWriter(
            lambda data: self._encoding.tell(partial(self._send, data)),
            plan.width,
            plan.height,
            plan.fps,
            plan.frames,
            plan.sound,
            crf=_QUALITY,
            preset=_PRESET,
            colors=ColorTags.of(plan.video),
            pixel_aspect=plan.pixel_aspect,
        )
        with self._open as opened:
            if plan.mask:
                mask = VideoWriter(
                    mask_path, plan.width, plan.height, plan.fps, pixel_aspect=plan.pixel_aspect
                )
                self._mask = opened.enter_context(mask)
            opened.enter_context(self._encoding.using(partial(self._encode, writer)))
            for group in groups:
                self._encoding.give(group)
            self._encoding.finish()
        if plan.mask:
            self._reporter.output("mask", "video/mp4", mask_path)

    def listen(self) -> None:
        """Send what is encoded so far. Raises what the encoder or the reporter raises."""
        self._encoding.listen()

    def _encode(self, writer: FragmentWriter, groups: Iterator[Iterator[FinishedFrame]]) -> None:
        for group in groups:
            writer.write(self._images(group if self._written > 0 else self._with_poster(group)))
            # Or memory would grow with the length of the video.
            give_back_heap()
        writer.finish()

    def _with_poster(self, group: Iterator[FinishedFrame]) -> Iterator[FinishedFrame]:
        beginning = next(group)
        poster = self._folder / "poster.jpg"
        poster.write_bytes(encode_jpeg(self._even(beginning.image), quality=88))
        self._encoding.tell(partial(self._reporter.output, "poster", "image/jpeg", poster))
        return chain([beginning], group)

    def _images(self, group: Iterator[FinishedFrame]) -> Iterator[Image]:
        for frame in group:
            if self._mask is not None and frame.masked is not None:
                self._mask.write(self._even(frame.masked))
            yield self._even(frame.image)
            self._written += 1
            self._encoding.tell(partial(self._progress.written, self._written))

    def _send(self, data: bytes) -> None:
        if self._output is None:
            self._output = self._open.enter_context(self._reporter.open_output("result", "video/mp4"))
        self._output.write(data)

    def _even(self, image: Image) -> Image:
        """Without the last line of an odd height, and likewise the width: players take even sizes only."""
        return np.ascontiguousarray(image[: self._plan.height, : self._plan.width])
