"""The look for a face before any other work begins."""

from collections.abc import Callable, Iterator

from polyreel_inference.engines.latentsync.faces.landmark_source import Image, LandmarkSource
from polyreel_inference.media.video_reader import VideoReader

_SPREAD = 8
_EVERY_SECONDS = 0.4


def shows_a_face(
    video: VideoReader, frames: int, landmarks: LandmarkSource, check_cancelled: Callable[[], None]
) -> bool:
    """Whether an acceptable face is seen in the first `frames` frames of a video.

    Looks at a few frames spread over them first, which answers nearly always; only when these show none,
    it reads all of them and looks at a frame every 0.4 s, so that a single appearance is not missed.
    """
    for image in _looked_at(video, min(frames, len(video))):
        check_cancelled()
        if any(face.acceptable for face in landmarks.find(image)):
            return True
    return False


def _looked_at(video: VideoReader, frames: int) -> Iterator[Image]:
    spread = sorted({frames * part // _SPREAD for part in range(_SPREAD)})
    for index in spread:
        yield next(video.frames(index))
    step = max(1, round(video.fps * _EVERY_SECONDS))
    for index, image in enumerate(video.frames()):
        if index >= frames:
            return
        if index % step == 0 and index not in spread:
            yield image
