"""Sizes and lengths the model can make."""

from math import sqrt
from typing import NoReturn

from polyreel_inference.host.errors import EngineError, ErrorCode

MULTIPLE = 16
"""Pixels of one token's side: the autoencoder shrinks eightfold, the transformer takes patches of 2 x 2."""

SMALLEST_SIDE, LARGEST_SIDE = 64, 2048
LARGEST_AREA = 1920 * 1088


def choose_size(width: int | None, height: int | None, area: int, aspect: float) -> tuple[int, int]:
    """Width and height of the video: a missing side follows from the other, two missing ones from `area`.

    They are rounded as Wan's authors do. `aspect` is the width of the picture (or of the usual video) divided
    by its height. Raises `EngineError` for sides that are no multiple of 16 or more pixels than fit a video.
    """
    for name, side in (("width", width), ("height", height)):
        if side is not None and side % MULTIPLE:
            below = side // MULTIPLE * MULTIPLE
            _refuse(
                f"The parameter {name} is {side}, but must be a multiple of {MULTIPLE};"
                f" the nearest are {max(below, SMALLEST_SIDE)} and {below + MULTIPLE}."
            )
    if width is None and height is None:
        return _whole(sqrt(area * aspect)), _whole(sqrt(area / aspect))
    chosen = width or _whole((height or 0) * aspect), height or _whole((width or 0) / aspect)
    if chosen[0] * chosen[1] > LARGEST_AREA:
        _refuse(
            f"{chosen[0]}x{chosen[1]} are {chosen[0] * chosen[1]} pixels; a frame may have at most"
            f" {LARGEST_AREA} (1920x1088)."
        )
    return chosen


def whole_frames(frames: float) -> int:
    """The nearest length of 4n+1 frames, at least 1; the longer one when two are as near."""
    return int((frames - 1) / 4 + 0.5) * 4 + 1 if frames > 1 else 1


def _whole(side: float) -> int:
    return min(max(round(side) // MULTIPLE * MULTIPLE, SMALLEST_SIDE), LARGEST_SIDE)


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
