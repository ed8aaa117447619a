"""What a talking video is made of."""

from dataclasses import dataclass

from torch import Tensor

from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import ChunkPlan
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import Sampling


@dataclass(frozen=True)
class Take:
    """A stretch of video without a cut. `speech` is that of each person: float32 [N, 12, 768] on the CPU."""

    plan: ChunkPlan
    reference: ReferenceSource
    speech: tuple[Tensor, ...]


@dataclass(frozen=True)
class TalkRequest:
    """One video of `width` x `height` pixels (multiples of 16), in takes that follow each other.

    `masks` [people + 1, height / 16, width / 16] tell several people apart, in the order of their speech, the
    background last; one person needs none. A `negative_prompt` is needed where `sampling` says so.
    `color_correction` (0 none, 1 full) keeps the colours of a take at those of its first reference.
    """

    prompt: str
    width: int
    height: int
    seed: int
    sampling: Sampling
    takes: tuple[Take, ...]
    masks: Tensor | None = None
    negative_prompt: str | None = None
    color_correction: float = 1.0

    @property
    def chunk_frames(self) -> tuple[int, ...]:
        """Frames that each chunk of all takes adds to the video."""
        return tuple(kept for take in self.takes for kept in take.plan.kept)
