"""From prepared groups to finished frames."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFrame
from polyreel_inference.engines.latentsync.pictures.fixed_mask import masked
from polyreel_inference.engines.latentsync.pictures.paste import Crop, Paster
from polyreel_inference.engines.latentsync.preparing import PreparedGroup
from polyreel_inference.engines.latentsync.synthesis.chunk import SynthesisRequest
from polyreel_inference.host.errors import EngineError, ErrorCode

_logger = logging.getLogger("polyreel")

Synthesize = Callable[[PreparedGroup, SynthesisRequest], list[Tensor]]
"""Makes the crops of every chunk of a group's request, float32 [F, 3, r, r] in about [-1, 1]."""


@dataclass(frozen=True)
class FinishedFrame:
    """A frame of the result, uint8 [h, w, 3], and the same with what was made anew in grey."""

    image: Image
    masked: Image | None


class Synchroniser:
    """Makes the mouths of one video say one speech. Frames without a face pass through unchanged."""

    def __init__(self, synthesize: Synthesize, paster: Paster, *, with_mask: bool) -> None:
        self._synthesize, self._paster, self._with_mask = synthesize, paster, with_mask

    def groups(self, prepared: Iterable[PreparedGroup]) -> Iterator[Iterator[FinishedFrame]]:
        """Return the frames of the result in groups, each as soon as its crops are made.

        A group's frames are pasted when they are asked for; that may be in another thread, while the crops of
        the next group are made. Raises what `synthesize` raises, and `EngineError` when a crop is no picture,
        because numbers left the range of their type.
        """
        # Not a loop: it would keep each group until the next one is there.
        return map(self._spoken, prepared)

    def _spoken(self, group: PreparedGroup) -> Iterator[FinishedFrame]:
        made = [] if group.request is None else self._synthesize(group, group.request)
        crops = {
            index: crop
            for indices, crops in zip(group.members, made, strict=True)
            for index, crop in zip(indices, crops, strict=True)
        }
        return self._finished(deque(enumerate(group.frames, group.first)), crops)

    def _finished(
        self, frames: deque[tuple[int, AlignedFrame]], crops: dict[int, Tensor]
    ) -> Iterator[FinishedFrame]:
        while frames:
            index, frame = frames.popleft()
            crop = crops.pop(index, None)
            yield self._pasted(frame, None if crop is None else crop.permute(1, 2, 0).numpy())

    def _pasted(self, frame: AlignedFrame, spoken: Crop | None) -> FinishedFrame:
        if spoken is None or frame.matrix is None or frame.crop is None:
            return FinishedFrame(frame.image, frame.image if self._with_mask else None)
        _require_finite(spoken)
        grey = None
        if self._with_mask:
            grey = self._paster.paste(frame.image, masked(frame.crop), frame.matrix)
        return FinishedFrame(self._paster.paste(frame.image, spoken, frame.matrix), grey)


def _require_finite(crop: Crop) -> None:
    if bool(np.isfinite(crop).all()):
        return
    _logger.error("A crop has numbers that are not finite; --dtype bfloat16 holds larger ones than float16.")
    raise EngineError(
        ErrorCode.INTERNAL,
        "The model's numbers left the range of their type, so there is no video. A lower guidance may help.",
        retryable=False,
    )
