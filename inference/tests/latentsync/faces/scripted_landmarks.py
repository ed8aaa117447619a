"""A landmark source that knows the faces of every frame beforehand: the double for tests."""

from collections.abc import Callable, Sequence

import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image

# Places of brows and nose in the box of a face: as far apart as the crop's template has them.
_ANCHORS = np.array([[0.25, 0.25], [0.75, 0.25], [0.5, 0.45]])


def face_at(
    x: float, y: float, height: float, *, width: float | None = None, score: float = 1.0
) -> DetectedFace:
    """A frontal face whose box has its middle at (x, y)."""
    size = np.array([height * 0.8 if width is None else width, height])
    corner = np.array([x, y]) - size / 2
    return DetectedFace(np.concatenate([corner, corner + size]), score, corner + _ANCHORS * size)


class ScriptedLandmarks:
    """Answers by `script`, which gets the number of the call from 0 on and the picture; counts the calls."""

    def __init__(self, script: Callable[[int, Image], Sequence[DetectedFace]]) -> None:
        self._script = script
        self.calls = 0
        self.closed = False

    def find(self, image: Image) -> list[DetectedFace]:
        """What the script says."""
        found = list(self._script(self.calls, image))
        self.calls += 1
        return found

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
