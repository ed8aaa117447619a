"""A bilinear warp computed in full precision, against which the fast one is measured."""

import numpy as np
from numpy.typing import NDArray


def warp(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """The picture [h, w, 3] under `matrix`, `size` = (width, height) pixels; 127 outside of it."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    spots = np.stack([columns.ravel(), rows.ravel()]) - matrix[:, 2:]
    x, y = np.linalg.solve(matrix[:, :2], spots)
    padded = np.pad(image.astype(np.float64), ((1, 1), (1, 1), (0, 0)), constant_values=127.0)
    x = np.clip(x + 1, 0, padded.shape[1] - 1.000001)
    y = np.clip(y + 1, 0, padded.shape[0] - 1.000001)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = (x - left)[:, None], (y - top)[:, None]
    upper = padded[top, left] * (1 - u) + padded[top, left + 1] * u
    lower = padded[top + 1, left] * (1 - u) + padded[top + 1, left + 1] * u
    return np.asarray((upper * (1 - v) + lower * v).reshape(size[1], size[0], 3))
