"""Scaling and cropping of the source picture to the size of the video."""

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from polyreel_inference.media.orientation import Frame


def covering_size(source_width: int, source_height: int, width: int, height: int) -> tuple[int, int]:
    """Return rows and columns of the source scaled to cover `width` x `height` pixels."""
    scale = max(height / source_height, width / source_width)
    return math.ceil(scale * source_height), math.ceil(scale * source_width)


def centre_offsets(rows: int, columns: int, width: int, height: int) -> tuple[int, int]:
    """Return the first row and column of `width` x `height` pixels in the middle; halves become even."""
    return round((rows - height) / 2), round((columns - width) / 2)


def fit_picture(picture: Frame, width: int, height: int) -> Frame:
    """Scale a picture to cover `width` x `height` pixels, as Pillow does bilinearly; cut out its middle."""
    source_height, source_width = picture.shape[:2]
    rows, columns = covering_size(source_width, source_height, width, height)
    scaled = np.asarray(Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR))
    top, left = centre_offsets(rows, columns, width, height)
    return scaled[top : top + height, left : left + width].copy()


def as_tensor(picture: Frame) -> Tensor:
    """Return a picture as float32 [3, height, width] in -1..1 on the CPU."""
    values = torch.from_numpy(picture.copy()).permute(2, 0, 1)
    return ((values / 255 - 0.5) * 2).contiguous()
