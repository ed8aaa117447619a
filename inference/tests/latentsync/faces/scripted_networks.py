"""Networks that answer as the published face networks would for one face at a known place."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class ScriptedNetwork:
    """Gives the same outputs for every input and keeps the inputs."""

    def __init__(self, outputs: list[FloatArray]) -> None:
        self._outputs = outputs
        self.inputs: list[FloatArray] = []

    def run(self, blob: FloatArray) -> list[FloatArray]:
        """The outputs."""
        self.inputs.append(blob)
        return self._outputs


def scrfd_outputs(*faces: tuple[int, int, int, int, float]) -> list[FloatArray]:
    """Outputs of SCRFD at 512 x 512: each face is (stride, column, row, reach in strides, score)."""
    outputs: list[FloatArray] = []
    for width in (1, 4, 10):
        outputs += [np.zeros((2 * (512 // stride) ** 2, width), np.float32) for stride in (8, 16, 32)]
    for stride, column, row, reach, score in faces:
        level = {8: 0, 16: 1, 32: 2}[stride]
        cell = (row * (512 // stride) + column) * 2 + 1
        outputs[level][cell] = score
        outputs[level + 3][cell] = reach
    return outputs


def points_output(points: NDArray[np.float64]) -> list[FloatArray]:
    """Output of 2d106det for points [106, 2] in pixels of its crop of 192 x 192."""
    return [(points / 96 - 1).astype(np.float32).reshape(1, 212)]
