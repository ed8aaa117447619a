"""From the model's 25 frames per second to those of the file, by repeating and dropping frames."""

from collections.abc import Iterable, Iterator

from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND
from polyreel_inference.media.orientation import Frame


def frames_at(fps: float, frames: int) -> int:
    """Return how many frames at `fps` last as long as `frames` at 25, at least 1."""
    return max(1, round(frames * fps / FRAMES_PER_SECOND))


def frames_seen(fps: float, shown: int) -> int:
    """Return how many frames at 25 per second `shown` frames at `fps` are taken from, at least 1."""
    return _standing(fps, shown - 1) + 1


def _standing(fps: float, index: int) -> int:
    """Frame at 25 per second that stands when frame `index` at `fps` begins."""
    return int(index * FRAMES_PER_SECOND / fps + 1e-6)


class Retiming:
    """Frames of a video of `frames` frames at 25 per second, as they are at `fps`.

    There are `shown` of them, or (None) as many as last as long. Every frame of the result is the one that
    stands at its time. Nothing is waited for: the frames of a chunk give all those of the result that begin
    while they stand.
    """

    def __init__(self, fps: float, frames: int, shown: int | None = None) -> None:
        self.frames = frames_at(fps, frames) if shown is None else shown
        self._fps, self._source_frames = fps, frames
        self._made = 0
        self._seen = 0

    def take(self, pictures: Iterable[Frame]) -> Iterator[Frame]:
        """Yield what the next pictures give."""
        for picture in pictures:
            self._seen += 1
            while self._made < self.frames and self._source(self._made) < self._seen:
                self._made += 1
                yield picture

    def _source(self, index: int) -> int:
        return min(self._source_frames - 1, _standing(self._fps, index))
