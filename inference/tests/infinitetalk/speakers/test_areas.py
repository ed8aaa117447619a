"""Areas of people in the source picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.engines.infinitetalk.speakers.areas import (
    Area,
    area_beside,
    area_of_box,
    area_of_mask,
    halves,
)
from polyreel_inference.engines.infinitetalk.speakers.boxes import Box
from polyreel_inference.host.errors import EngineError
from polyreel_inference.media.errors import UnreadableMedia


def bounds(area: Area) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of an area that is a rectangle."""
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    assert area[box[1] : box[3], box[0] : box[2]].all()
    return box


def test_halves_keep_off_the_borders() -> None:
    left, right = halves(200, 100)

    assert bounds(left) == (5, 5, 95, 95)
    assert bounds(right) == (105, 5, 195, 95)


def test_halves_of_an_odd_width() -> None:
    left, right = halves(101, 61)

    assert bounds(left) == (2, 3, 47, 57)
    assert bounds(right) == (52, 3, 97, 57)


def test_a_box_is_its_pixels() -> None:
    assert bounds(area_of_box(Box(3, 4, 9, 7), 20, 10)) == (3, 4, 9, 7)


def test_the_white_of_a_mask_is_scaled_to_the_picture(tmp_path: Path) -> None:
    mask = np.zeros((20, 10), np.uint8)
    mask[5:10, 2:4] = 255
    mask[15:, :] = 100
    Image.fromarray(mask).save(tmp_path / "mask.png")

    assert bounds(area_of_mask(tmp_path / "mask.png", 10, 20)) == (2, 5, 4, 10)
    assert bounds(area_of_mask(tmp_path / "mask.png", 40, 80)) == (8, 20, 16, 40)


def test_a_coloured_mask_counts_by_its_brightness(tmp_path: Path) -> None:
    mask = np.zeros((8, 8, 3), np.uint8)
    mask[:, :4] = (0, 255, 0)
    mask[:, 4:] = (0, 0, 255)
    Image.fromarray(mask).save(tmp_path / "mask.png")

    assert bounds(area_of_mask(tmp_path / "mask.png", 8, 8)) == (0, 0, 4, 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_where_a_mask_is_transparent_nobody_is(tmp_path: Path, mode: str) -> None:
    """Tools that cut people out write a white person on nothing."""
    mask = np.full((8, 8, 4), 255, np.uint8)
    mask[:, 4:, 3] = 0
    Image.fromarray(mask).convert(mode).save(tmp_path / "mask.png")

    assert bounds(area_of_mask(tmp_path / "mask.png", 8, 8)) == (0, 0, 4, 8)


def test_a_black_mask_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 10).save(tmp_path / "mask.png")

    with pytest.raises(EngineError, match="black all over"):
        area_of_mask(tmp_path / "mask.png", 8, 8)


def test_a_mask_has_to_be_a_picture(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"no picture")

    with pytest.raises(UnreadableMedia):
        area_of_mask(tmp_path / "mask.png", 8, 8)


@pytest.mark.parametrize(
    ("speaker", "wanted"),
    [
        (Box(10, 20, 70, 90), (76, 5, 194, 95)),
        (Box(150, 20, 200, 90), (8, 5, 142, 95)),
    ],
    ids=["right of the speaker", "left of the speaker"],
)
def test_somebody_silent_is_where_there_is_more_room(speaker: Box, wanted: tuple[int, ...]) -> None:
    beside = area_beside(area_of_box(speaker, 200, 100))

    assert bounds(beside) == wanted
    assert not (beside & area_of_box(speaker, 200, 100)).any()


def test_a_speaker_who_fills_the_picture_leaves_nobody_room() -> None:
    with pytest.raises(EngineError, match="fills the width"):
        area_beside(area_of_box(Box(15, 0, 185, 100), 200, 100))
