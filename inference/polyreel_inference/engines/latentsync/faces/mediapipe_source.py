"""Faces by MediaPipe's bundled networks: nothing to download, nothing to configure."""

from typing import Self

import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.faces.landmarks import Face, FaceFinder

# Points of the face mesh whose means lie where the crop template expects brows and nose: with these the
# distance from the brows to the nose is 0.488 of that between the brows, and the template asks for 20 / 41.
_LEFT_BROW = [70, 63, 105, 66, 107, 46, 53, 52, 65, 55]
_RIGHT_BROW = [336, 296, 334, 293, 300, 285, 295, 282, 283, 276]
_NOSE = [195, 5, 4, 1]

_MOST_FACES = 8


class MediaPipeLandmarks:
    """Finds faces with MediaPipe's detectors and face mesh. A context manager."""

    def __init__(self) -> None:
        self._finder = FaceFinder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(self, image: Image) -> list[DetectedFace]:
        """Up to eight faces of an RGB picture [h, w, 3], largest first; none below a third of the largest."""
        return [_detected(face) for face in self._finder.find(image, _MOST_FACES)]

    def close(self) -> None:
        """Free the networks."""
        self._finder.close()


def _detected(face: Face) -> DetectedFace:
    points = face.points.astype(np.float64)
    anchors = np.stack([points[group].mean(axis=0) for group in (_LEFT_BROW, _RIGHT_BROW, _NOSE)])
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    # The mesh tells no certainty; the detector before it has thrown out everything below 0.5.
    return DetectedFace(box, 1.0, anchors)
