"""Boxes are read in the order that is named, and refused when they hold nothing."""

import pytest

from polyreel_inference.engines.infinitetalk.speakers.boxes import Box, BoxOrder, box_of
from polyreel_inference.host.errors import EngineError

WIDE = {"width": 2400, "height": 1350}


def test_both_orders_give_the_same_box() -> None:
    wanted = Box(left=120, top=160, right=1080, bottom=1280)

    assert box_of([160, 120, 1280, 1080], "yxyx", **WIDE) == wanted
    assert box_of([120, 160, 1080, 1280], "xyxy", **WIDE) == wanted


def test_what_reaches_over_the_edge_is_cut_off() -> None:
    assert box_of([-5, -7.5, 5000, 20.9], "xyxy", **WIDE) == Box(0, 0, 2400, 20)


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        ([1320, 160, 2280, 1280], "yxyx"),
        ([500, 100, 400, 200], "xyxy"),
        ([2400, 0, 2500, 100], "xyxy"),
        ([10, 10, 10, 40], "xyxy"),
    ],
    ids=["in the other order", "right of left", "outside", "without width"],
)
def test_empty_boxes_are_refused(numbers: list[float], order: BoxOrder) -> None:
    # The first one is taken by its order to begin at row 1320 of a picture of 1300.
    with pytest.raises(EngineError, match="holds no pixel") as refused:
        box_of(numbers, order, width=2400, height=1300)

    assert refused.value.code == "INVALID_INPUT"
    assert {"yxyx": "top, left, bottom, right", "xyxy": "left, top"}[order] in refused.value.message


@pytest.mark.parametrize("numbers", [[], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_a_box_has_four_numbers(numbers: list[float]) -> None:
    with pytest.raises(EngineError, match=f"four numbers, not {len(numbers)}"):
        box_of(numbers, "xyxy", **WIDE)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_have_to_be_finite(number: float) -> None:
    with pytest.raises(EngineError, match="finite"):
        box_of([0, 0, number, 100], "xyxy", **WIDE)
