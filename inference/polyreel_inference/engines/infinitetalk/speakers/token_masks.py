"""The areas of people on the grid of tokens, where the transformer looks them up."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from polyreel_inference.engines.infinitetalk.reference.fitting import centre_offsets, covering_size
from polyreel_inference.engines.infinitetalk.speakers.areas import Area
from polyreel_inference.host.errors import EngineError, ErrorCode

_LATENT = 8
_PATCH = 2


def token_masks(areas: Sequence[Area], width: int, height: int) -> Tensor:
    """Return the people and the background: float32 [people + 1, height / 16, width / 16] of 0 and 1.

    The areas of the source picture are scaled and cropped to the video of `width` x `height` pixels like the
    picture itself. The background, the last one, is what belongs to nobody. Raises `EngineError` when one of
    them has no token left, as the transformer would divide by its size.
    """
    nobody = ~np.logical_or.reduce(list(areas))
    sources = torch.from_numpy(np.stack([*areas, nobody]).astype(np.uint8))[None]
    source_height, source_width = sources.shape[-2:]
    rows, columns = covering_size(source_width, source_height, width, height)
    top, left = centre_offsets(rows, columns, width, height)
    covering = functional.interpolate(sources, size=(rows, columns), mode="nearest")
    cropped = covering[..., top : top + height, left : left + width]
    latent = functional.interpolate(cropped, size=(height // _LATENT, width // _LATENT), mode="nearest")
    grid = (height // (_LATENT * _PATCH), width // (_LATENT * _PATCH))
    masks = functional.interpolate(latent, size=grid, mode="nearest")[0].float()
    _check(masks)
    return masks


def _check(masks: Tensor) -> None:
    empty = [index for index in range(len(masks)) if not masks[index].any()]
    if not empty:
        return
    rows, columns = masks.shape[-2:]
    if empty[0] == len(masks) - 1:
        raise EngineError(
            ErrorCode.INVALID_INPUT,
            "The boxes or masks of the people cover the whole picture; leave some background between them.",
        )
    raise EngineError(
        ErrorCode.INVALID_INPUT,
        f"The box or mask of person {empty[0] + 1} is too small or lies in the part that is cropped away: it"
        f" covers none of the {columns} x {rows} squares the model sees the picture in. Make it larger.",
    )
