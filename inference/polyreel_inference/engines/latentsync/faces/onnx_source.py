"""Faces by the ONNX networks LatentSync itself uses, from a folder the operator gives."""

from pathlib import Path

import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.engines.latentsync.faces.onnx_network import (
    Network,
    OnnxNetwork,
    UnusableLandmarkModels,
)
from polyreel_inference.engines.latentsync.faces.points_106 import Points106
from polyreel_inference.engines.latentsync.faces.scrfd import Detection, Scrfd

_DETECTORS = ("det_*.onnx", "scrfd_*.onnx")
_LANDMARKS = "2d106det.onnx"

_BLANK: Image = np.zeros((64, 64, 3), np.uint8)


class OnnxLandmarks:
    """Finds faces with SCRFD and 2d106det, as LatentSync does.

    That includes its colours: red and blue come to the networks in each other's place.
    """

    def __init__(self, detector: Network, landmarks: Network) -> None:
        """Runs both once. Raises `UnusableLandmarkModels` when they are other networks."""
        self._detector = Scrfd(detector)
        self._points = Points106(landmarks)
        self._detector.find(_BLANK)
        self._points.anchors(_BLANK, Detection(np.array([16.0, 16.0, 48.0, 48.0]), 1.0))

    @classmethod
    def open(cls, folder: Path) -> "OnnxLandmarks":
        """Load the detector and `2d106det.onnx` of a folder like insightface's buffalo_l.

        Raises `UnusableLandmarkModels` when one is missing, is another network or cannot be read.
        """
        detector, landmarks = files_of(folder)
        return cls(OnnxNetwork(detector), OnnxNetwork(landmarks))

    def find(self, image: Image) -> list[DetectedFace]:
        """Faces of an RGB picture [h, w, 3], the most certain first."""
        swapped = np.ascontiguousarray(image[..., ::-1])
        return [
            DetectedFace(face.box, face.score, self._points.anchors(swapped, face))
            for face in self._detector.find(swapped)
        ]

    def close(self) -> None:
        """Sessions of onnxruntime end with this object, so there is nothing to do."""


def files_of(folder: Path) -> tuple[Path, Path]:
    """The files of the detector and of the landmark network in a folder.

    Raises `UnusableLandmarkModels` unless there is exactly one of each.
    """
    detectors = sorted(path for pattern in _DETECTORS for path in folder.glob(pattern))
    landmarks = folder / _LANDMARKS
    if len(detectors) != 1 or not landmarks.is_file():
        raise UnusableLandmarkModels(
            f"{folder} must hold one face detector (det_10g.onnx or another det_*.onnx or scrfd_*.onnx) and"
            f" {_LANDMARKS}, as insightface's buffalo_l does."
        )
    return detectors[0], landmarks
