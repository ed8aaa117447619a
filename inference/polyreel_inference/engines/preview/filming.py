"""The way of finished frames: tag, encoder, poster, progress and previews."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.watermark import Watermark
from polyreel_inference.host.engine import Reporter
from polyreel_inference.media.image import encode_jpeg
from polyreel_inference.media.video_writer import VideoWriter

Image = NDArray[np.uint8]

_PREVIEW_EVERY_S = 2.0
_PREVIEW_LONG_SIDE = 320
_REPORT_EVERY_S = 0.25
_ENCODING_FROM = 0.96
"""Share of the job after which only the end of the encoding is left."""


class Filming:
    """Takes the frames of one job and sends the result and the poster. A context manager.

    Frames are tagged in place, so each must be the caller's own. Leaving by an exception removes the
    unfinished file.
    """

    def __init__(
        self,
        reporter: Reporter,
        workspace: Path,
        size: tuple[int, int],
        fps: float,
        total: int,
        *,
        audio: Path | None = None,
        watermark: bool,
    ) -> None:
        """`size` is (width, height) in even pixels, `total` the number of frames that will come."""
        self._reporter, self._workspace, self._total = reporter, workspace, total
        self._path = workspace / "result.mp4"
        self._tag = Watermark(*size) if watermark else None
        self._done = 0
        self._started = self._reported = self._previewed = time.monotonic()
        self._writer = VideoWriter(self._path, *size, fps, audio)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._writer.abort()

    def add(self, frame: Image) -> None:
        """Append a frame, uint8 RGB [height, width, 3]. Raises `Cancelled` when the job was cancelled."""
        self._reporter.check_cancelled()
        if self._tag is not None:
            self._tag.stamp(frame)
        if self._done == 0:
            self._poster = encode_jpeg(frame, quality=88)
        self._writer.write(frame)
        self._done += 1
        self._tell(frame)

    def finish(self) -> None:
        """Finish the file and send result and poster."""
        self._reporter.progress("encoding", _ENCODING_FROM, step=self._done, steps=self._total)
        self._writer.finish()
        poster = self._workspace / "poster.jpg"
        poster.write_bytes(self._poster)
        self._reporter.output("result", "video/mp4", self._path)
        self._reporter.output("poster", "image/jpeg", poster)

    def _tell(self, frame: Image) -> None:
        now = time.monotonic()
        if now - self._reported >= _REPORT_EVERY_S or self._done in (1, self._total):
            self._reported = now
            remaining = (now - self._started) / self._done * (self._total - self._done)
            self._reporter.progress(
                "generating",
                _ENCODING_FROM * self._done / self._total,
                step=self._done,
                steps=self._total,
                remaining_seconds=remaining,
            )
        if now - self._previewed >= _PREVIEW_EVERY_S:
            self._previewed = now
            self._reporter.preview("image/jpeg", encode_jpeg(_thumbnail(frame)))


def _thumbnail(frame: Image) -> Image:
    height, width = frame.shape[:2]
    scale = min(1.0, _PREVIEW_LONG_SIDE / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
