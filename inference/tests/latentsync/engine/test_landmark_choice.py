from pathlib import Path

import pytest

from polyreel_inference.engines.latentsync.faces.mediapipe_source import MediaPipeLandmarks
from polyreel_inference.engines.latentsync.landmark_choice import landmarks_by
from polyreel_inference.host.engine import UnusableOptions


@pytest.mark.parametrize("choice", ["auto", "mediapipe"])
def test_mediapipe_needs_nothing_but_its_package(choice: str) -> None:
    landmarks = landmarks_by(choice)()
    try:
        assert isinstance(landmarks, MediaPipeLandmarks)
    finally:
        landmarks.close()


def test_a_word_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableOptions, match="neither a folder"):
        landmarks_by(str(tmp_path / "absent"))


def test_a_folder_without_networks_is_refused_with_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(UnusableOptions, match=r"2d106det\.onnx"):
        landmarks_by(str(tmp_path))


def test_files_that_are_no_networks_are_refused_before_any_job(tmp_path: Path) -> None:
    for name in ("det_10g.onnx", "2d106det.onnx"):
        (tmp_path / name).write_bytes(b"no network")
    with pytest.raises(UnusableOptions, match=r"install onnxruntime|det_10g\.onnx is not a readable"):
        landmarks_by(str(tmp_path))
