"""Turning of frames by the display matrix that cameras write into video files."""

import struct
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""A picture: uint8 RGB, C-contiguous, shape [height, width, 3]."""


class Orientation:
    """A quarter-turn rotation with an optional mirroring, as one of the eight ways to lay a rectangle."""

    def __init__(self, transpose: bool = False, flip_x: bool = False, flip_y: bool = False) -> None:
        self.transpose = transpose
        self.flip_x = flip_x
        self.flip_y = flip_y

    @classmethod
    def of(cls, frame: VideoFrame) -> "Orientation":
        """Read the display matrix of a decoded frame; without one the frame stays as it is.

        The matrix (ISO/IEC 14496-12, 6.2.2) maps stored (x, y) to shown (x', y'):
        x' = a x + c y, y' = b x + d y. Angles between quarter turns go to the nearest of them.
        """
        side_data: Any = frame.side_data  # its stub knows only motion vectors
        matrix = side_data.get(Type.DISPLAYMATRIX)
        if matrix is None:
            return cls()
        a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, flip_x=c < 0, flip_y=b < 0)
        return cls(flip_x=a < 0, flip_y=d < 0)

    def apply(self, frame: Frame) -> Frame:
        """Return the frame as it is to be shown."""
        shown = frame.transpose(1, 0, 2) if self.transpose else frame
        if self.flip_x:
            shown = shown[:, ::-1]
        if self.flip_y:
            shown = shown[::-1]
        return np.ascontiguousarray(shown)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown."""
        return (height, width) if self.transpose else (width, height)

    def pixel_aspect(self, stored: Fraction) -> Fraction:
        """Width of a pixel by its height as shown."""
        return 1 / stored if self.transpose else stored
