"""Masks of the default halves and of boxes, against the original's numbers."""

from collections.abc import Sequence

import pytest
import torch

from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_of_box, halves
from polyreel_inference.engines.infinitetalk.speakers.boxes import box_of
from polyreel_inference.engines.infinitetalk.speakers.token_masks import token_masks
from tests.infinitetalk.golden import golden

NAMES = ["same_70x80", "wide_70x80", "tall_70x80", "big_150x131", "tall_131x60", "odd_33x47"]


def assert_masks_equal(areas: Sequence[Area], name: str) -> None:
    wanted = golden("conditions")[name]
    rows, columns = wanted.shape[1:]
    assert torch.equal(token_masks(areas, 16 * columns, 16 * rows), wanted.float())


def source_of(name: str) -> tuple[int, int]:
    height, width = map(int, name.partition("_")[2].split("x"))
    return width, height


@pytest.mark.parametrize("name", NAMES)
def test_halves_have_the_originals_tokens(name: str) -> None:
    assert_masks_equal(halves(*source_of(name)), f"token_masks_{name}")


@pytest.mark.parametrize("name", NAMES)
def test_boxes_have_the_originals_tokens(name: str) -> None:
    width, height = source_of(name)
    boxes = golden("conditions")[f"boxes_{name}"].tolist()
    areas = [area_of_box(box_of(box, "yxyx", width, height), width, height) for box in boxes]

    assert_masks_equal(areas, f"box_token_masks_{name}")
