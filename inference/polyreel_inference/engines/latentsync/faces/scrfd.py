"""SCRFD: boxes of faces.

Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.faces.onnx_network import (
    FloatArray,
    Network,
    UnusableLandmarkModels,
)

_SIDE = 512
_STRIDES = (8, 16, 32)
_ANCHORS_PER_CELL = 2
_OUTPUTS = 9  # scores, boxes and five points at each stride
_LEAST_SCORE = 0.5
_LARGEST_OVERLAP = 0.4


@dataclass(frozen=True)
class Detection:
    """A box [4] (left, top, right, bottom in pixels of the picture) and the certainty in 0..1."""

    box: NDArray[np.float64]
    score: float


class Scrfd:
    """Detects faces with a network that takes 512 x 512 pixels and has five points per face."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def find(self, image: Image) -> list[Detection]:
        """Faces of a picture [h, w, 3] with a certainty of at least 0.5, the most certain first.

        Raises `UnusableLandmarkModels` when the outputs are not those of such a network.
        """
        small, scale = _letterboxed(image)
        blob = (small.astype(np.float32) - 127.5) / 128
        outputs = self._network.run(np.ascontiguousarray(blob.transpose(2, 0, 1)[None]))
        if len(outputs) != _OUTPUTS:
            raise UnusableLandmarkModels(
                f"The face detector has {len(outputs)} outputs instead of {_OUTPUTS}; give det_10g.onnx of"
                " insightface's buffalo_l, or another SCRFD network with five points."
            )
        boxes, scores = [], []
        for level, stride in enumerate(_STRIDES):
            score = outputs[level].reshape(-1)
            distances = outputs[level + len(_STRIDES)].reshape(-1, 4) * stride
            kept = score >= _LEAST_SCORE
            centres = _centres(stride)[kept]
            boxes.append(np.hstack([centres - distances[kept, :2], centres + distances[kept, 2:]]))
            scores.append(score[kept])
        joined = np.concatenate(boxes).astype(np.float64) / scale
        return _without_doubles(joined, np.concatenate(scores))


def _letterboxed(image: Image) -> tuple[Image, float]:
    """The picture at the top left of a black square, and its scale there."""
    height, width = image.shape[:2]
    if height > width:
        new_height, new_width = _SIDE, int(_SIDE / (height / width))
    else:
        new_height, new_width = int(_SIDE * (height / width)), _SIDE
    square = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    square[:new_height, :new_width] = cv2.resize(image, (new_width, new_height))
    return square, new_height / height


def _centres(stride: int) -> FloatArray:
    """Places (x, y) from which distances are counted, [n, 2]: row by row, each as often as it has anchors."""
    rows, columns = np.mgrid[: _SIDE // stride, : _SIDE // stride]
    cells = np.stack([columns, rows], axis=-1).reshape(-1, 2) * stride
    return np.repeat(cells, _ANCHORS_PER_CELL, axis=0).astype(np.float32)


def _without_doubles(boxes: NDArray[np.float64], scores: FloatArray) -> list[Detection]:
    """Greedy non-maximum suppression; lengths count both end pixels, as the original does."""
    left, top, right, bottom = boxes.T
    areas = (right - left + 1) * (bottom - top + 1)
    order = np.argsort(-scores, kind="stable")
    found = []
    while order.size:
        best, rest = order[0], order[1:]
        found.append(Detection(boxes[best], float(scores[best])))
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest]) + 1
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest]) + 1
        common = np.maximum(width, 0) * np.maximum(height, 0)
        order = rest[common / (areas[best] + areas[rest] - common) <= _LARGEST_OVERLAP]
    return found
