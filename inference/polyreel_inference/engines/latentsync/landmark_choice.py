"""Which networks look for faces, by the operator's word."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from polyreel_inference.engines.latentsync.faces.landmark_source import LandmarkSource
from polyreel_inference.engines.latentsync.faces.onnx_network import UnusableLandmarkModels
from polyreel_inference.engines.latentsync.faces.onnx_source import OnnxLandmarks
from polyreel_inference.host.engine import UnusableOptions


def landmarks_by(choice: str) -> Callable[[], LandmarkSource]:
    """Return what opens the networks for "auto", "mediapipe" or a folder of ONNX networks.

    Networks of a folder are loaded and tried out at once. Raises `UnusableOptions`.
    """
    if choice not in ("auto", "mediapipe"):
        return _opener_of(Path(choice))
    if find_spec("mediapipe") is None:
        raise UnusableOptions(
            "Faces are found with mediapipe, which is not installed: install mediapipe 0.10.21."
        )
    return _open_mediapipe


def _opener_of(folder: Path) -> Callable[[], LandmarkSource]:
    if not folder.is_dir():
        raise UnusableOptions(
            f'--landmarks "{folder}" is neither a folder nor one of auto and mediapipe; give one of these.'
        )
    try:
        OnnxLandmarks.open(folder)
    except UnusableLandmarkModels as error:
        raise UnusableOptions(str(error)) from error
    return lambda: OnnxLandmarks.open(folder)


def _open_mediapipe() -> LandmarkSource:
    # Importing it takes seconds: only when it is used.
    from polyreel_inference.engines.latentsync.faces.mediapipe_source import (  # noqa: PLC0415
        MediaPipeLandmarks,
    )

    return MediaPipeLandmarks()
