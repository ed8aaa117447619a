"""Which frame of the source and which moment of the sound belong to each frame of the result."""

from collections.abc import Iterator
from dataclasses import dataclass

MODEL_FPS = 25.0
"""Frames per second of the videos LatentSync learned from."""

FEATURES_PER_SECOND = 50


@dataclass(frozen=True)
class FrameOrder:
    """The frames of a result: `frames` at `fps`, made of `source_frames` at the same rate.

    A source longer than the result is cut, a shorter one runs to and fro with both end frames doubled, as in
    LatentSync. The network sees chunks of `chunk` frames that lie about 1/25 s apart: at 50 fps every second
    frame is in one chunk and the ones between in another, so all frames are regenerated from their own
    pixels and the motion in a chunk has the speed the network knows.
    """

    frames: int
    source_frames: int
    fps: float
    chunk: int = 16

    @property
    def stride(self) -> int:
        """Distance of the frames of one chunk in the result: 1 up to 37 fps, 2 at 50 and 60."""
        return max(1, round(self.fps / MODEL_FPS))

    @property
    def distinct(self) -> int:
        """Number of source frames that are shown at all: those before this index."""
        return min(self.frames, self.source_frames)

    def source(self, frame: int) -> int:
        """Index of the source frame that frame `frame` of the result shows."""
        turn, place = divmod(frame, self.source_frames)
        return place if turn % 2 == 0 else self.source_frames - 1 - place

    def feature(self, frame: int) -> int:
        """Row of the speech features, 50 per second, at which frame `frame` of the result begins."""
        return int(frame * FEATURES_PER_SECOND / self.fps)

    def groups(self) -> Iterator[list[range]]:
        """The result from its beginning on, in groups of chunks to be read, made and written together.

        Each group covers `chunk` * `stride` consecutive frames; its chunks are ranges of frame indices. The
        last chunks may be shorter.
        """
        size = self.chunk * self.stride
        for start in range(0, self.frames, size):
            stop = min(start + size, self.frames)
            phases = range(min(self.stride, stop - start))
            yield [range(start + phase, stop, self.stride) for phase in phases]
