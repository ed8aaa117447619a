"""Networks in ONNX files, run by onnxruntime where it is installed."""

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class UnusableLandmarkModels(ValueError):
    """The folder of face networks cannot be used. The message tells the operator what to do."""


class Network(Protocol):
    """A network with one input and any number of outputs."""

    def run(self, blob: FloatArray) -> list[FloatArray]:
        """All outputs for one input, in the order of the file."""
        ...


class OnnxNetwork:
    """A network from an ONNX file, on CUDA where onnxruntime knows it, else on the CPU."""

    def __init__(self, path: Path) -> None:
        """Raises `UnusableLandmarkModels` when onnxruntime is missing or cannot read the file."""
        if find_spec("onnxruntime") is None:
            raise UnusableLandmarkModels(
                "Face networks in ONNX files need onnxruntime, which is not installed: install onnxruntime or"
                " onnxruntime-gpu, or choose mediapipe."
            )
        runtime: Any = importlib.import_module("onnxruntime")
        known = runtime.get_available_providers()
        wanted = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in known]
        try:
            self._session: Any = runtime.InferenceSession(str(path), providers=wanted)
        except Exception as error:
            # Its exceptions have no common base of their own.
            raise UnusableLandmarkModels(f"{path.name} is not a readable ONNX network: {error}") from error
        self._input = self._session.get_inputs()[0].name

    def run(self, blob: FloatArray) -> list[FloatArray]:
        """All outputs for one input, in the order of the file."""
        outputs = self._session.run(None, {self._input: blob})
        return [np.asarray(output, np.float32) for output in outputs]
