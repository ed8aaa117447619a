"""Faces in one picture: MediaPipe's bundled detectors and face mesh behind one call."""

from dataclasses import dataclass
from typing import Any, Self

import cv2
import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]

_CROP_PIXELS = 320  # the mesh network sees 256 pixels; a little more keeps its own rotation sharp
_SMALLEST_TILED = 320  # in smaller pictures such a face has too few pixels to be moved
_CROP_MARGIN = 2.2  # side of the crop over the larger side of the detection


@dataclass(frozen=True)
class Face:
    """One face. `points` [478, 2] in pixels of the picture, in the order of MediaPipe's refined mesh."""

    points: FloatArray

    @property
    def height(self) -> float:
        """Pixels from the top of the forehead to the chin."""
        return float(np.linalg.norm(self.points[152] - self.points[10]))

    @property
    def width(self) -> float:
        """Pixels from ear to ear."""
        return float(np.linalg.norm(self.points[454] - self.points[234]))

    @property
    def centre(self) -> FloatArray:
        """Middle of the mesh's bounding box, [2]."""
        middle: FloatArray = (self.points.min(axis=0) + self.points.max(axis=0)) / 2
        return middle

    def mouth_opening(self) -> float:
        """Distance of the inner lips in the middle of the mouth over the height of the face."""
        return float(np.linalg.norm(self.points[14] - self.points[13])) / self.height


@dataclass(frozen=True)
class Crop:
    """A square window of a picture: its middle and side in pixels."""

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, face: Face) -> "Crop":
        """The window in which the mesh network sees this face best."""
        low, high = face.points.min(axis=0), face.points.max(axis=0)
        x, y = (low + high) / 2
        return cls(float(x), float(y), float((high - low).max()) * 1.7)

    def cut(self, image: Image) -> Image:
        """The window as [320, 320, 3]; what lies outside the picture repeats its border."""
        scale = _CROP_PIXELS / self.side
        middle = (_CROP_PIXELS - 1) / 2
        matrix = np.array(
            [[scale, 0, middle - self.x * scale], [0, scale, middle - self.y * scale]], np.float32
        )
        size = (_CROP_PIXELS, _CROP_PIXELS)
        return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def to_image(self, points: FloatArray) -> FloatArray:
        """Points of the cut window, [n, 2], in pixels of the picture."""
        middle = (_CROP_PIXELS - 1) / 2
        offset = np.array([self.x, self.y], np.float32)
        return ((points - middle) * (self.side / _CROP_PIXELS) + offset).astype(np.float32)


class Mesh:
    """The face mesh network. `tracking` keeps its own region of interest from call to call."""

    def __init__(self, *, tracking: bool) -> None:
        self._net: Any = mp.solutions.face_mesh.FaceMesh(
            static_image_mode=not tracking,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=0.4,
            min_tracking_confidence=0.4,
        )

    def find(self, image: Image, crop: Crop) -> Face | None:
        """The face inside `crop` of an RGB picture, None when there is none."""
        found = self._net.process(crop.cut(image)).multi_face_landmarks
        if not found:
            return None
        points = np.array([(mark.x, mark.y) for mark in found[0].landmark], np.float32) * _CROP_PIXELS - 0.5
        return Face(crop.to_image(points))

    def reset(self) -> None:
        """Forget the region of interest: the next call detects afresh."""
        self._net.reset()

    def close(self) -> None:
        """Free the network."""
        self._net.close()


class FaceFinder:
    """Finds the faces of single pictures, near and far ones. Not safe to share between threads."""

    def __init__(self) -> None:
        detection = mp.solutions.face_detection.FaceDetection
        self._far: Any = detection(model_selection=1, min_detection_confidence=0.5)
        self._near: Any = detection(model_selection=0, min_detection_confidence=0.5)
        self._mesh = Mesh(tracking=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the networks."""
        self._far.close()
        self._near.close()
        self._mesh.close()

    def find(self, image: Image, at_most: int = 4) -> list[Face]:
        """Faces of an RGB picture [h, w, 3], largest first; none smaller than a third of the largest."""
        crops = self._detect(image, self._far) or self._detect(image, self._near) or self._detect_tiles(image)
        faces: list[Face] = []
        for crop in crops[:8]:
            face = self._mesh.find(image, crop)
            if face is not None and not any(_same(face, known) for known in faces):
                faces.append(face)
        faces.sort(key=lambda face: face.height, reverse=True)
        return [face for face in faces if face.height * 3 >= faces[0].height][:at_most]

    def _detect(self, image: Image, detector: Any) -> list[Crop]:
        height, width = image.shape[:2]
        crops = []
        for found in detector.process(np.ascontiguousarray(image)).detections or ():
            box = found.location_data.relative_bounding_box
            side = max(box.width * width, box.height * height)
            x, y = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
            crops.append(Crop(x, y, side * _CROP_MARGIN))
        return sorted(crops, key=lambda crop: crop.side, reverse=True)

    def _detect_tiles(self, image: Image) -> list[Crop]:
        # The detectors see 192 pixels: a face under a tenth of a picture is found only in a part of it.
        height, width = image.shape[:2]
        if min(height, width) < _SMALLEST_TILED:
            return []
        side = max(64, min(height, width) * 2 // 3)
        crops = []
        for top in np.unique(np.linspace(0, max(0, height - side), 3).astype(int)):
            for left in np.unique(np.linspace(0, max(0, width - side), 4).astype(int)):
                tile = image[top : top + side, left : left + side]
                crops += [
                    Crop(crop.x + float(left), crop.y + float(top), crop.side)
                    for crop in self._detect(tile, self._far)
                ]
        return sorted(crops, key=lambda crop: crop.side, reverse=True)


def _same(one: Face, other: Face) -> bool:
    return float(np.linalg.norm(one.centre - other.centre)) < 0.5 * max(one.height, other.height)
