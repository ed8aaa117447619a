"""Smooth random shapes for painted scenes, all decided by a seeded generator."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def texture(random: np.random.Generator, size: int, cells: int, octaves: int) -> FloatArray:
    """Cloud-like noise [size, size] between 0 and 1 that continues over its borders.

    The largest shapes are `size / cells` wide; each further octave halves width and strength.
    """
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        count = cells * 2**octave
        if count >= size:
            break
        grid = random.random((count, count), dtype=np.float32)
        # Three extra cells on each side make the cubic interpolation continue over the border.
        wide = cv2.resize(
            np.pad(grid, 3, mode="wrap"),
            None,
            fx=size / count,
            fy=size / count,
            interpolation=cv2.INTER_CUBIC,
        )
        start = round(3 * size / count)
        total += wide[start : start + size, start : start + size] * np.float32(0.5**octave)
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / max(high - low, 1e-6), np.float32)


def profile(
    random: np.random.Generator, length: int, widest: float, octaves: int, roughness: float
) -> FloatArray:
    """A ridge line [length] between 0 and 1 that continues over its ends.

    `widest` is the width of the largest hills in samples; each octave is `roughness` times as high.
    """
    total = np.zeros(length, np.float64)
    for octave in range(octaves):
        count = max(4, round(length / widest * 2**octave))
        if count * 2 > length:
            break
        knots = random.random(count)
        at = np.arange(length) * (count / length)
        index = at.astype(int)
        part = at - index
        smooth = part * part * (3 - 2 * part)
        first, second = knots[index % count], knots[(index + 1) % count]
        total += (first + (second - first) * smooth) * roughness**octave
    total -= total.min()
    return (total / max(float(total.max()), 1e-9)).astype(np.float32)


def window(line: FloatArray, start: float, count: int) -> FloatArray:
    """`count` samples of an endless repeated line [length] from the fractional position `start`."""
    whole = int(np.floor(start))
    part = np.float32(start - whole)
    index = np.arange(whole, whole + count + 1) % len(line)
    values = line[index]
    return np.asarray(values[:-1] * (1 - part) + values[1:] * part, np.float32)
