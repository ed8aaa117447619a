"""The source covers the video, bilinearly scaled, and its middle is kept."""

import numpy as np
import pytest
import torch
from PIL import Image

from polyreel_inference.engines.infinitetalk.reference.fitting import (
    as_tensor,
    centre_offsets,
    covering_size,
    fit_picture,
)
from tests.infinitetalk import golden_inputs


def test_the_source_covers_the_video() -> None:
    assert covering_size(200, 100, 64, 64) == (64, 128)
    assert covering_size(100, 200, 64, 64) == (128, 64)
    assert covering_size(797, 531, 512, 768) == (768, 1153)


def test_middles_between_two_pixels_go_to_the_even_one() -> None:
    assert centre_offsets(65, 67, 64, 64) == (0, 2)
    assert centre_offsets(64, 128, 64, 64) == (0, 32)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (96, 48), (48, 112)])
def test_pictures_are_scaled_like_pillow_and_cut(width: int, height: int) -> None:
    picture = golden_inputs.picture(70, 80)
    rows, columns = covering_size(80, 70, width, height)
    whole = np.asarray(Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR))

    fitted = fit_picture(picture, width, height)

    top, left = centre_offsets(rows, columns, width, height)
    assert fitted.shape == (height, width, 3)
    assert np.array_equal(fitted, whole[top : top + height, left : left + width])


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    picture = golden_inputs.picture(64, 96)

    assert np.array_equal(fit_picture(picture, 96, 64), picture)


def test_numbers_go_from_minus_1_to_1() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 1] = (255, 51, 0)

    tensor = as_tensor(picture)

    assert tensor.shape == (3, 2, 3)
    assert tensor.dtype == torch.float32
    assert torch.allclose(tensor[:, 0, 1], torch.tensor([1.0, -0.6, -1.0]))
    assert torch.equal(tensor[:, 1], torch.full((3, 3), -1.0))
