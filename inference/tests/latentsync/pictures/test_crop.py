import cv2
import numpy as np
import pytest

from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Template
from polyreel_inference.engines.latentsync.pictures.crop import cut
from polyreel_inference.media.image import read_image
from tests.latentsync.pictures.exact_warp import warp
from tests.preview.jobs import SAMPLES

_FACE = np.array([[212.3, 178.1], [287.9, 171.4], [252.6, 214.8]])


@pytest.mark.parametrize("shift", [(0, 0), (-190, -140), (180, 250)])
def test_the_crop_is_the_bilinear_warp_in_whole_levels_made_square(shift: tuple[int, int]) -> None:
    image = read_image(SAMPLES / "portrait.jpg")
    template = Template(256)
    matrix = Alignment(template, "steady").matrix(_FACE + np.array(shift))
    upright = np.floor(warp(image, matrix, template.size) + 1e-3).astype(np.uint8)
    wanted = cv2.resize(upright, (256, 256), interpolation=cv2.INTER_LANCZOS4).astype(int)
    difference = np.abs(cut(image, matrix, template).astype(int) - wanted)
    assert difference.max() <= 2
    assert difference.mean() < 0.1


def test_a_face_outside_the_frame_is_cut_as_grey() -> None:
    template = Template(64)
    matrix = Alignment(template, "steady").matrix(_FACE + np.array([5000, 0]))
    assert np.all(cut(np.zeros((100, 100, 3), np.uint8), matrix, template) == 127)
