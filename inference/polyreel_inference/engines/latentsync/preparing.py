"""From aligned footage and speech to what the network is given, a group of chunks at a time."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import torch

from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.audio.windows import windows_at
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFrame
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings
from polyreel_inference.engines.latentsync.synthesis.chunk import Chunk, JobNoise, SynthesisRequest


@dataclass(frozen=True)
class PreparedGroup:
    """Consecutive frames of the result from index `first` on, and what is to be made of them.

    `request` has their chunks, `members` the indices of the frames of each chunk; frames without a face are
    in none. Without any face there is no request.
    """

    first: int
    frames: list[AlignedFrame]
    request: SynthesisRequest | None
    members: list[list[int]]


class Preparation:
    """Puts the frames and the speech of one job together.

    `chunks_at_once` is how many chunks are synthesised together, at least. No more frames are held than
    those of one group, so memory does not grow with the length.
    """

    def __init__(
        self,
        order: FrameOrder,
        features: SpeechFeatures,
        noise: JobNoise,
        settings: DenoiseSettings,
        *,
        chunks_at_once: int,
    ) -> None:
        self._order, self._features = order, features
        self._noise, self._settings = noise, settings
        self._chunks_at_once = chunks_at_once

    def groups(self, footage: Iterable[AlignedFrame]) -> Generator[PreparedGroup, None, None]:
        """Yield all groups; `footage` is read as far as a group needs it."""
        frames, groups, first = iter(footage), self._order.groups(), 0
        chunks_of_groups = -(-self._chunks_at_once // self._order.stride)
        while chunks := list(chain.from_iterable(islice(groups, chunks_of_groups))):
            count = sum(map(len, chunks))
            yield self._group(first, chunks, list(islice(frames, count)))
            first += count

    def _group(self, first: int, chunks: list[range], frames: list[AlignedFrame]) -> PreparedGroup:
        made: list[Chunk] = []
        members: list[list[int]] = []
        for chunk in chunks:
            crops = {index: crop for index in chunk if (crop := frames[index - first].crop) is not None}
            if not crops:
                continue
            pictures = torch.from_numpy(np.stack(list(crops.values()))).permute(0, 3, 1, 2).contiguous()
            heard = windows_at(self._features, [self._order.feature(index) for index in crops])
            made.append(self._noise.chunk(pictures, heard))
            members.append(list(crops))
        request = SynthesisRequest(made, self._noise.noise, self._settings) if made else None
        return PreparedGroup(first, frames, request, members)


def group_frames(order: FrameOrder, chunks_at_once: int) -> int:
    """Return how many frames a group has; the last one may have fewer."""
    return -(-chunks_at_once // order.stride) * order.chunk * order.stride
