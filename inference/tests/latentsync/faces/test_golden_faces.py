"""Faces are found and chosen as the original does with insightface."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.faces.face_choice import LargestFace
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace
from polyreel_inference.engines.latentsync.faces.onnx_source import OnnxLandmarks
from tests.latentsync.faces.scripted_networks import ScriptedNetwork
from tests.latentsync.golden import golden
from tests.latentsync.golden_faces import FOUND, PICTURES, detector_outputs, points_output

# Ids of the 106 points that are averaged: left brow, right brow, nose.
_GROUPS = ([43, 48, 49, 51, 50], [101, 102, 103, 104, 105], [74, 77, 83, 86])


@pytest.mark.parametrize("name", PICTURES)
def test_faces_lie_where_insightface_finds_them(name: str) -> None:
    detector, landmarks = ScriptedNetwork(detector_outputs()), ScriptedNetwork([points_output()])
    wanted = golden("faces")

    source = OnnxLandmarks(detector, landmarks)
    # Opening ran both on a blank picture.
    detector.inputs.clear()
    landmarks.inputs.clear()

    found = source.find(PICTURES[name])

    boxes = np.stack([[*face.box, face.score] for face in found])
    np.testing.assert_allclose(boxes, wanted[f"{name}_boxes"], atol=1e-3)
    points = wanted[f"{name}_points"].round().double()
    anchors = torch.stack([points[:, group].mean(dim=1) for group in _GROUPS], dim=1)
    np.testing.assert_allclose(np.stack([face.anchors for face in found]), anchors, atol=1e-9)
    seen = wanted[f"{name}_detector_input"]
    np.testing.assert_allclose(detector.inputs[0][:, :, ::16, 1::16], seen, atol=1e-6)
    crops: NDArray[np.float32] = np.concatenate(landmarks.inputs)[:, :, ::8, 1::8]
    np.testing.assert_allclose(crops, wanted[f"{name}_points_input"].float(), atol=1)


@pytest.mark.parametrize("name", FOUND)
def test_the_same_face_is_taken(name: str) -> None:
    faces = [
        DetectedFace(np.array(box, np.float64), score, np.full((3, 2), number, np.float64))
        for number, (*box, score) in enumerate(FOUND[name])
    ]

    chosen = LargestFace().choose(np.zeros((400, 500, 3), np.uint8), faces)

    wanted = int(golden("faces")["chosen"][list(FOUND).index(name)])
    assert (-1 if chosen is None else int(chosen.anchors[0, 0])) == wanted
