"""What the people are taken from: one picture, or the pictures of a video at their times."""

from abc import ABC, abstractmethod
from pathlib import Path

from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND
from polyreel_inference.media.image import is_picture, read_image
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.video_reader import VideoReader


class ReferenceSource(ABC):
    """Source pictures, uint8 RGB [height, width, 3], by frames of the result at 25 per second."""

    still: bool
    """Whether all frames have the same picture, so that what is computed from it can be kept."""

    width: int
    height: int

    @abstractmethod
    def picture(self, frame: int) -> Frame:
        """Return the source at `frame` of the result, counted from 0. Raises `UnreadableMedia`."""


class StillReference(ReferenceSource):
    """One picture for all frames."""

    still = True

    def __init__(self, path: Path) -> None:
        self._picture = read_image(path)
        self.height, self.width = self._picture.shape[:2]

    def picture(self, frame: int) -> Frame:  # noqa: ARG002 - a still is the same at any time
        return self._picture


class VideoReference(ReferenceSource):
    """The picture a video shows at the time of the frame, whatever its own rate; after its end the last one.

    Only the pictures that are asked for are decoded.
    """

    still = False

    def __init__(self, path: Path) -> None:
        self._reader = VideoReader(path, fps=FRAMES_PER_SECOND)
        self.width, self.height = self._reader.width, self._reader.height
        self.frames = len(self._reader)
        """Length of the video in frames of the result."""

    def picture(self, frame: int) -> Frame:
        return next(self._reader.frames(min(frame, self.frames - 1)))


def open_reference(path: Path) -> ReferenceSource:
    """Open a picture or a video, told apart by what is in the file. Raises `UnreadableMedia`."""
    return StillReference(path) if is_picture(path) else VideoReference(path)
