"""The 106 points of insightface's 2d106det network."""

import cv2
import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import Image, Points
from polyreel_inference.engines.latentsync.faces.onnx_network import Network, UnusableLandmarkModels
from polyreel_inference.engines.latentsync.faces.scrfd import Detection

_SIDE = 192
_MARGIN = 1.5  # side of the crop over the larger side of the box
_POINTS = 106

_LEFT_BROW = [43, 48, 49, 51, 50]
_RIGHT_BROW = [101, 102, 103, 104, 105]
_NOSE = [74, 77, 83, 86]


class Points106:
    """Finds the points of one detected face."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def anchors(self, image: Image, detection: Detection) -> Points:
        """Left brow, right brow and nose, [3, 2] in pixels of the picture, as means of rounded points.

        Raises `UnusableLandmarkModels` when the output is not that of such a network.
        """
        points = np.rint(self._points(image, detection))
        return np.stack([points[group].mean(axis=0) for group in (_LEFT_BROW, _RIGHT_BROW, _NOSE)])

    def _points(self, image: Image, detection: Detection) -> Points:
        low, high = detection.box[:2], detection.box[2:]
        scale = _SIDE / (float((high - low).max()) * _MARGIN)
        offset = _SIDE / 2 - (low + high) / 2 * scale
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        crop = cv2.warpAffine(image, matrix, (_SIDE, _SIDE), borderValue=(0, 0, 0))
        blob = np.ascontiguousarray(crop.astype(np.float32).transpose(2, 0, 1)[None])
        (output, *_) = self._network.run(blob)
        if output.size != 2 * _POINTS:
            raise UnusableLandmarkModels(
                f"The landmark network gives {output.size} numbers instead of {2 * _POINTS}; give"
                " 2d106det.onnx of insightface."
            )
        inside = (output.reshape(_POINTS, 2).astype(np.float64) + 1) * (_SIDE // 2)
        return np.asarray((inside - offset) / scale)
