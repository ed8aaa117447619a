"""Areas become masks of tokens, none of which may be empty."""

import numpy as np
import pytest
import torch

from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_of_box, halves
from polyreel_inference.engines.infinitetalk.speakers.boxes import Box
from polyreel_inference.engines.infinitetalk.speakers.token_masks import token_masks
from polyreel_inference.host.errors import EngineError


def areas_of(width: int, height: int, *boxes: Box) -> list[Area]:
    return [area_of_box(box, width, height) for box in boxes]


def test_masks_are_people_and_background() -> None:
    masks = token_masks(halves(640, 640), 640, 640)

    assert masks.shape == (3, 40, 40)
    assert masks.dtype == torch.float32
    assert torch.equal(masks.sum(dim=0), torch.ones(40, 40))
    # Every 16th of the columns 16 to 303, that is from 5 % to 95 % of the half.
    assert torch.nonzero(masks[0].any(dim=0)).flatten().tolist() == list(range(1, 19))
    assert torch.nonzero(masks[1].any(dim=0)).flatten().tolist() == list(range(21, 39))
    assert torch.nonzero(masks[0].any(dim=1)).flatten().tolist() == list(range(2, 38))


def test_masks_are_scaled_and_cropped_like_the_picture() -> None:
    """A source of 200 x 100 covers 64 x 64 with half of its width: the columns 50 to 149."""
    masks = token_masks(areas_of(200, 100, Box(50, 0, 100, 50), Box(100, 0, 150, 50)), 64, 64)

    assert masks.int().tolist() == [
        [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]],
    ]


def test_nearest_pixels_are_those_of_torch_on_numbers() -> None:
    """Sizes without a common divisor, against the resizing of the float masks the model was trained with."""
    generator = np.random.default_rng(0)
    source = generator.random((3, 531, 797)) < 0.5
    masks = token_masks(list(source[:2]), 512, 768)

    nobody = ~(source[0] | source[1])
    floats = torch.from_numpy(np.stack([source[0], source[1], nobody])).float()[None]
    # The scale is 768 / 531, so 512 columns are cut out of 1153, from column 320 (half to even of 320.5) on.
    scaled = torch.nn.functional.interpolate(floats, size=(768, 1153), mode="nearest")[..., 320:832]
    latent = torch.nn.functional.interpolate(scaled, size=(96, 64), mode="nearest")
    wanted = torch.nn.functional.interpolate(latent, size=(48, 32), mode="nearest")[0]
    assert torch.equal(masks, wanted)


def test_people_may_overlap() -> None:
    masks = token_masks(areas_of(64, 64, Box(0, 0, 32, 32), Box(16, 0, 48, 32)), 64, 64)

    assert masks[:, 0].int().tolist() == [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_more_than_two_people() -> None:
    boxes = [Box(64 * index, 0, 64 * index + 48, 64) for index in range(4)]

    masks = token_masks(areas_of(256, 128, *boxes), 256, 128)

    assert masks.shape == (5, 8, 16)
    assert torch.equal(masks.sum(dim=0), torch.ones(8, 16))


def test_a_person_too_small_for_a_token_is_refused() -> None:
    areas = areas_of(640, 640, Box(0, 0, 300, 640), Box(401, 401, 409, 409))

    with pytest.raises(EngineError, match="person 2 is too small") as refused:
        token_masks(areas, 640, 640)

    assert refused.value.code == "INVALID_INPUT"
    assert "40 x 40 squares" in refused.value.message


def test_a_person_who_is_cropped_away_is_refused() -> None:
    areas = areas_of(400, 100, Box(0, 0, 100, 100), Box(160, 0, 240, 100))

    with pytest.raises(EngineError, match=r"person 1 .* cropped away"):
        token_masks(areas, 64, 64)


def test_people_without_background_are_refused() -> None:
    areas = areas_of(64, 64, Box(0, 0, 32, 64), Box(32, 0, 64, 64))

    with pytest.raises(EngineError, match="leave some background"):
        token_masks(areas, 64, 64)
