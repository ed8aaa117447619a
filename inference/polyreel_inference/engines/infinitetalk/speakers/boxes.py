"""Rectangles around people, in the two orders in which tools write them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from polyreel_inference.host.errors import EngineError, ErrorCode

BoxOrder = Literal["yxyx", "xyxy"]
"""Order of a box's four numbers: "yxyx" is top, left, bottom, right as in the examples of InfiniteTalk's
authors, "xyxy" is left, top, right, bottom as in LightX2V and most detectors."""


@dataclass(frozen=True)
class Box:
    """Pixels of the source picture: columns `left` to `right` - 1, rows `top` to `bottom` - 1."""

    left: int
    top: int
    right: int
    bottom: int


def box_of(numbers: Sequence[float], order: BoxOrder, width: int, height: int) -> Box:
    """Read a box in a picture of `width` x `height` pixels; what reaches over its edge is cut off.

    Fractions of pixels are dropped. Raises `EngineError` when the box is empty or lies outside, which is what
    numbers in the other order look like.
    """
    if len(numbers) != 4:
        raise _invalid(f"A box has four numbers, not {len(numbers)}.")
    if not all(map(math.isfinite, numbers)):
        raise _invalid("The numbers of a box have to be finite.")
    left, top, right, bottom = _sorted_sides([int(number) for number in numbers], order)
    box = Box(max(0, left), max(0, top), min(width, right), min(height, bottom))
    if box.left < box.right and box.top < box.bottom:
        return box
    written = "[" + ", ".join(f"{number:g}" for number in numbers) + "]"
    message = f"The box {written} holds no pixel of the picture, which is {width} wide and {height} high."
    raise _invalid(f"{message} Its numbers are read as {_MEANINGS[order]}.")


_MEANINGS: dict[BoxOrder, str] = {
    "yxyx": "top, left, bottom, right",
    "xyxy": "left, top, right, bottom",
}


def _sorted_sides(numbers: list[int], order: BoxOrder) -> tuple[int, int, int, int]:
    first, second, third, fourth = numbers
    return (second, first, fourth, third) if order == "yxyx" else (first, second, third, fourth)


def _invalid(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_INPUT, message)
