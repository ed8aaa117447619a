"""Cutting of the crop the network sees."""

import cv2
import numpy as np

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.pictures.alignment import Matrix, Template
from polyreel_inference.engines.latentsync.pictures.region import Region

_OUTSIDE = 127


def cut(image: Image, matrix: Matrix, template: Template) -> Image:
    """The face of an RGB frame [h, w, 3] as uint8 [resolution, resolution, 3].

    Bilinear, mid-grey outside the frame, brightness cut off to whole levels and the upright crop stretched to
    a square, all as in LatentSync.
    """
    width, height = template.size
    square = (template.resolution, template.resolution)
    region = Region.of(matrix, (0, 0, width, height), (image.shape[0], image.shape[1]))
    if region.empty:
        return np.full((*square, 3), _OUTSIDE, np.uint8)
    upright = cv2.warpAffine(
        region.of_image(image).astype(np.float32),
        region.matrix(matrix),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(_OUTSIDE, _OUTSIDE, _OUTSIDE),
    )
    # A hair above the computed value, so that rounding does not cost a whole level its last unit.
    levels = np.clip(upright + np.float32(1e-3), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(levels, square, interpolation=cv2.INTER_LANCZOS4), np.uint8)
