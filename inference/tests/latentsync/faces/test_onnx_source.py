from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.latentsync.faces.onnx_network import UnusableLandmarkModels
from polyreel_inference.engines.latentsync.faces.onnx_source import OnnxLandmarks, files_of
from polyreel_inference.engines.latentsync.faces.scrfd import Scrfd
from tests.latentsync.faces.scripted_networks import ScriptedNetwork, points_output, scrfd_outputs

_FRAME = np.zeros((720, 1280, 3), np.uint8)
_SCALE = 288 / 720


def test_boxes_come_back_in_pixels_of_the_picture_the_most_certain_first() -> None:
    network = ScriptedNetwork(scrfd_outputs((16, 10, 8, 3, 0.7), (8, 50, 20, 6, 0.9), (32, 3, 4, 2, 0.49)))
    found = Scrfd(network).find(_FRAME)
    assert [face.score for face in found] == pytest.approx([0.9, 0.7])
    np.testing.assert_allclose(found[0].box, np.array([400 - 48, 160 - 48, 400 + 48, 160 + 48]) / _SCALE)
    np.testing.assert_allclose(found[1].box, np.array([160 - 48, 128 - 48, 160 + 48, 128 + 48]) / _SCALE)


def test_of_boxes_that_overlap_the_most_certain_stays() -> None:
    network = ScriptedNetwork(scrfd_outputs((8, 20, 20, 5, 0.8), (8, 21, 20, 5, 0.95), (8, 40, 20, 5, 0.6)))
    assert [face.score for face in Scrfd(network).find(_FRAME)] == pytest.approx([0.95, 0.6])


def test_nobody_is_found_where_nothing_is_certain() -> None:
    assert Scrfd(ScriptedNetwork(scrfd_outputs())).find(_FRAME) == []


@pytest.mark.parametrize(("height", "width", "inside"), [(720, 1280, (288, 512)), (600, 300, (512, 256))])
def test_the_picture_lies_at_the_top_left_of_the_square_the_rest_is_black(
    height: int, width: int, inside: tuple[int, int]
) -> None:
    network = ScriptedNetwork(scrfd_outputs())
    Scrfd(network).find(np.full((height, width, 3), 255, np.uint8))
    blob = network.inputs[0]
    assert blob.shape == (1, 3, 512, 512)
    bright = blob[0, 0] > 0
    assert (int(bright[:, 0].sum()), int(bright[0].sum())) == inside
    assert blob.max() == pytest.approx(127.5 / 128)
    assert blob.min() == pytest.approx(-127.5 / 128)


def test_brows_and_nose_are_means_of_their_points_in_the_picture() -> None:
    inside = np.full((106, 2), 5.0)
    inside[[43, 48, 49, 51, 50]] = [60, 70]
    inside[101:106] = [130, 72]
    inside[[74, 77, 83, 86]] = [[90, 110], [94, 110], [96, 112], [100, 112]]
    landmarks = ScriptedNetwork(points_output(inside))
    source = OnnxLandmarks(ScriptedNetwork(scrfd_outputs((16, 10, 8, 4, 0.7))), landmarks)
    (face,) = source.find(_FRAME)
    assert face.score == pytest.approx(0.7)
    # The box is 320 pixels wide around (400, 320); its crop of 480 pixels is shrunk to 192.
    wanted = (np.array([[60, 70], [130, 72], [95, 111]]) - 96) * 2.5 + [400, 320]
    np.testing.assert_allclose(face.anchors, wanted, atol=0.6)


def test_the_networks_see_the_colours_the_original_shows_them() -> None:
    red = np.zeros((512, 512, 3), np.uint8)
    red[..., 0] = 255
    detector = ScriptedNetwork(scrfd_outputs((16, 16, 16, 4, 0.7)))
    landmarks = ScriptedNetwork(points_output(np.zeros((106, 2))))
    OnnxLandmarks(detector, landmarks).find(red)
    assert detector.inputs[-1][0, :, 200, 200] == pytest.approx([-127.5 / 128, -127.5 / 128, 127.5 / 128])
    assert landmarks.inputs[-1][0, :, 96, 96].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("detector", "landmarks"),
    [
        (ScriptedNetwork(scrfd_outputs()[:6]), ScriptedNetwork(points_output(np.zeros((106, 2))))),
        (
            ScriptedNetwork(scrfd_outputs((16, 10, 8, 4, 0.7))),
            ScriptedNetwork([np.zeros((1, 136), np.float32)]),
        ),
    ],
    ids=["a detector without points", "a network of 68 points"],
)
def test_other_networks_are_refused_before_the_first_frame(
    detector: ScriptedNetwork, landmarks: ScriptedNetwork
) -> None:
    with pytest.raises(UnusableLandmarkModels, match=r"\.onnx"):
        OnnxLandmarks(detector, landmarks)


@pytest.mark.parametrize(
    "names", [[], ["det_10g.onnx"], ["2d106det.onnx"], ["det_10g.onnx", "det_500m.onnx", "2d106det.onnx"]]
)
def test_a_folder_without_one_of_each_is_refused(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(UnusableLandmarkModels, match=r"2d106det\.onnx"):
        files_of(tmp_path)


def test_the_files_are_found_by_their_published_names(tmp_path: Path) -> None:
    for name in ("det_10g.onnx", "2d106det.onnx", "1k3d68.onnx", "genderage.onnx", "w600k_r50.onnx"):
        (tmp_path / name).touch()
    assert files_of(tmp_path) == (tmp_path / "det_10g.onnx", tmp_path / "2d106det.onnx")
