"""Streaming reader of video frames, forwards and backwards, with bounded memory."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from polyreel_inference.media.container import open_container, start_seconds
from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.limits import LONGEST_SECONDS, MOST_FRAMES
from polyreel_inference.media.orientation import Frame, Orientation
from polyreel_inference.media.probe import is_cover, limit_size, shown_pictures

REVERSE_WINDOW_BYTES = 96 * 1024 * 1024
"""Decoded frames held at most while reading backwards."""

_SAME_INSTANT = 1e-4
"""Seconds by which two time stamps may differ and still mean the same frame (rounding of time bases)."""

_LOST_AT_THE_END = 2
"""Stored frames at the end that decoders of ordinary files may swallow; more means a damaged file."""


class VideoReader:
    """Frames of a video, uint8 RGB [H, W, 3], turned as the rotation tag says.

    Without `fps` every stored frame comes once, in presentation order, whatever its duration. With `fps` the
    video is sampled at constant intervals of 1/fps seconds from the start of the file: each frame is the
    nearest earlier one, which holds frames of slow passages and drops frames of fast ones, and keeps step
    with `read_audio` of the same file. Only an index of time stamps is held in memory. Pixels are taken as
    square. Raises `UnreadableMedia` when the file cannot be read, breaks off before its end, or goes beyond
    `limits`.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        if fps is not None and not 0 < fps <= 1000:
            raise ValueError(f"fps must be above 0 and at most 1000, not {fps}")
        self._path = path
        with open_container(path) as container:
            stream = _video_stream(container)
            shown = shown_pictures(container, stream)
            self.width, self.height = shown.width, shown.height
            average = float(stream.average_rate or stream.guessed_rate or 0)
        self._index()
        span = self._end - self._times[0]
        self.duration = self._end if fps is not None else span
        """Seconds to the end of the last frame, from the start of the file (without `fps`: first frame)."""
        self.fps = fps if fps is not None else average or len(self._times) / max(span, _SAME_INSTANT)
        self._step = None if fps is None else 1 / fps
        self._count = len(self._times) if fps is None else max(1, round(self._end * fps))

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Files are open only while an iterator runs, so there is nothing to close."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Frames from index `start` to the last one."""
        source, shown = -1, -1
        frame: VideoFrame | None = None
        picture: Frame | None = None
        decoded = self._decode(self._source_of(start)) if start < self._count else iter(())
        for index in range(start, self._count):
            wanted = self._source_of(index)
            while source < wanted:
                newer = next(decoded, None)
                if newer is None:
                    break
                source, frame = newer
            if frame is None or wanted - source > _LOST_AT_THE_END:
                raise UnreadableMedia("The video breaks off: some of its frames cannot be read.")
            if picture is None or shown != source:
                picture, shown = self._picture(frame), source
            yield picture

    def backwards(self, start: int | None = None) -> Iterator[Frame]:
        """Frames from index `start` (None: the last one) down to the first one.

        Decodes one window of frames after the other, forwards from the key frame before it.
        """
        window = max(1, REVERSE_WINDOW_BYTES // (self.width * self.height * 3))
        stop = self._count if start is None else min(start + 1, self._count)
        while stop > 0:
            first = max(0, stop - window)
            yield from reversed(list(islice(self.frames(first), stop - first)))
            stop = first

    def ping_pong(self) -> Iterator[Frame]:
        """Endless frames to the end, back to the start and so on; the frames at both ends are not doubled."""
        yield from self.frames()
        while True:
            yield from self.backwards(self._count - 2) if self._count > 1 else self.frames()
            yield from self.frames(1) if self._count > 1 else self.frames()

    def _source_of(self, index: int) -> int:
        """Index of the stored frame that frame `index` of the timeline shows."""
        if self._step is None:
            return index
        return max(0, bisect_right(self._times, index * self._step + _SAME_INSTANT) - 1)

    def _index(self) -> None:
        """Read the time stamps of all frames without decoding them."""
        times: list[float] = []
        keys: list[float] = []
        self._end = 0.0
        with open_container(self._path) as container:
            origin = start_seconds(container)
            stream = _video_stream(container)
            for packet in container.demux(stream):
                if packet.size == 0 or packet.is_discard:
                    continue
                if packet.is_corrupt:
                    raise UnreadableMedia("The video breaks off before its end; the file is incomplete.")
                time = _seconds(packet, times) - origin
                times.append(time)
                if packet.is_keyframe:
                    keys.append(time)
                length = float(packet.duration * packet.time_base) if packet.duration else 0.0
                self._end = max(self._end, time + length)
                if self._end > LONGEST_SECONDS or len(times) > MOST_FRAMES:
                    raise UnreadableMedia(
                        f"The video is too long: at most {LONGEST_SECONDS / 3600:g} hours and {MOST_FRAMES}"
                        " frames are allowed."
                    )
            declared = stream.frames if container.format.name.startswith("mov") else 0
        if not times:
            raise UnreadableMedia("The video holds no frames.")
        if declared > len(times) * 1.02 + 2:
            raise UnreadableMedia("The video breaks off before its end; the file is incomplete.")
        self._times = sorted(times)
        self._keys = sorted(keys)
        if self._end <= self._times[-1]:
            # Some files do not say how long the last frame lasts: as long as the others on average.
            pauses = max(1, len(times) - 1)
            self._end = self._times[-1] + ((self._times[-1] - self._times[0]) / pauses or 0.04)

    def _decode(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        """Index and decoded picture of the stored frames from a key frame at or before `first` on."""
        before = bisect_right(self._keys, self._times[first] + _SAME_INSTANT)
        # A seek may land after the wanted frame (key frames are found by decoding time in some formats), so
        # ever earlier key frames are tried; the last attempt reads from the start, without a seek.
        for key in [*reversed(self._keys[max(0, before - 2) : before]), None]:
            landed = False
            for index, frame in self._decode_from(key):
                if not landed and key is not None and index > first:
                    break
                landed = True
                yield index, frame
            if landed:
                return

    def _decode_from(self, key: float | None) -> Iterator[tuple[int, VideoFrame]]:
        with open_container(self._path) as container:
            stream = _video_stream(container)
            stream.thread_type = "AUTO"
            limit_size(stream)
            origin = start_seconds(container)
            if key is not None and stream.time_base is not None:
                container.seek(round((key + origin) / float(stream.time_base)), stream=stream)
            shown: list[float] = []
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise UnreadableMedia("The video is damaged: a frame cannot be decoded.")
                time = _seconds(frame, shown) - origin
                shown[:] = [time]
                if key is not None and time < key - _SAME_INSTANT:
                    continue
                yield bisect_right(self._times, time + _SAME_INSTANT) - 1, frame

    def _picture(self, frame: VideoFrame) -> Frame:
        orientation = Orientation.of(frame)
        width, height = orientation.size(self.width, self.height)
        # A stream may change its size midway; the first frame's size holds for all of them.
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
        return orientation.apply(np.asarray(rgb, dtype=np.uint8))


def _video_stream(container: InputContainer) -> VideoStream:
    stream = next((stream for stream in container.streams.video if not is_cover(stream)), None)
    if stream is None:
        raise UnreadableMedia("The file holds no video.")
    return stream


def _seconds(stamped: "Packet[VideoStream] | VideoFrame", earlier: list[float]) -> float:
    """Presentation time; packets of some formats carry only a decoding time, which then is the same."""
    stamp = stamped.pts if stamped.pts is not None else stamped.dts
    if stamp is None or stamped.time_base is None:
        return earlier[-1] if earlier else 0.0
    return float(stamp * stamped.time_base)
