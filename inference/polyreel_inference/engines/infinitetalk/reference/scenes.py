"""Cuts of a reference video, so that no chunk of the result goes over one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scenedetect import AdaptiveDetector, ContentDetector, FrameTimecode, ThresholdDetector

from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.video_reader import VideoReader

SHORTEST = 13
"""Frames a scene has at least, just above half a second; shorter ones belong to the scene before them."""

_WATCHED_WIDTH = 256
_TRIM = 2


@dataclass(frozen=True)
class Scene:
    """Frames `start` to `stop` - 1 of the result, of which all have one scene of the video as reference.

    `first` and `last` bound the source frames to take (at 25 per second): a little inside the scene, where
    the pictures of a cut do not blend.
    """

    start: int
    stop: int
    first: int
    last: int

    @property
    def frames(self) -> int:
        """Length of the scene in frames."""
        return self.stop - self.start

    def source_frame(self, frame: int) -> int:
        """Return the source frame for `frame` frames after the start of the scene."""
        return min(max(self.start + frame, self.first), self.last)


def split_into_scenes(path: Path, frames: int, check: Callable[[], None] = lambda: None) -> list[Scene]:
    """Find the scenes of a video and divide `frames` frames of the result (at 25 per second) among them.

    Scenes that lie behind the last frame are left out; the last one goes on where the video is shorter. Cuts
    are found by the content, adaptive and threshold detectors of PySceneDetect in their own settings. `check`
    is called for every source frame, to raise when the job is cancelled. Raises `UnreadableMedia`.
    """
    reader = VideoReader(path, fps=FRAMES_PER_SECOND)
    watched = min(len(reader), frames)
    starts = [0]
    for cut in _cuts(reader, watched, check):
        if cut - starts[-1] >= SHORTEST and watched - cut >= SHORTEST:
            starts.append(cut)
    ends = [*starts[1:], watched]
    scenes = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        trim = min(_TRIM, (end - start - 1) // 2)
        stop = frames if number == len(starts) - 1 else end
        scenes.append(Scene(start, stop, start + trim, end - 1 - trim))
    return scenes


def _cuts(reader: VideoReader, frames: int, check: Callable[[], None]) -> list[int]:
    """First frames of the scenes after the first one."""
    detectors = (ContentDetector(), AdaptiveDetector(), ThresholdDetector())
    found: set[int] = set()
    time = FrameTimecode(0, fps=float(FRAMES_PER_SECOND))
    for number, picture in enumerate(_watched(reader, frames)):
        check()
        time = FrameTimecode(number, fps=float(FRAMES_PER_SECOND))
        for detector in detectors:
            found.update(cut.frame_num for cut in detector.process_frame(time, picture))
    for detector in detectors:
        found.update(cut.frame_num for cut in detector.post_process(time))
    return sorted(found)


def _watched(reader: VideoReader, frames: int) -> Iterator[Frame]:
    """The first `frames` pictures as the detectors want them: small, and blue before red."""
    size = None
    if (longest := max(reader.width, reader.height)) > _WATCHED_WIDTH:
        scale = _WATCHED_WIDTH / longest
        size = (max(1, round(reader.width * scale)), max(1, round(reader.height * scale)))
    for number, picture in enumerate(reader):
        if number == frames:
            return
        small = Image.fromarray(picture)
        if size is not None:
            small = small.resize(size, Image.Resampling.BILINEAR)
        yield np.ascontiguousarray(np.asarray(small)[:, :, ::-1])
