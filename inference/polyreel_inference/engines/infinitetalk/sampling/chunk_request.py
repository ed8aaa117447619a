"""What all ranks need to know of a chunk."""

from dataclasses import dataclass

from torch import Tensor

from polyreel_inference.engines.infinitetalk.sampling.guidance import Branch, branches_of
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings


@dataclass(frozen=True)
class Sampling:
    """How a video is sampled, the same in all of its chunks.

    A scale of 1 saves the forwards it would compare with. `projection` makes guidance adaptive and projected,
    None leaves it plain. `step_cache_threshold` 0 computes every step; above 0 the coefficients of TeaCache
    for this size are needed, highest power first.
    """

    steps: int
    shift: float
    text_scale: float
    audio_scale: float
    projection: ProjectionSettings | None = None
    step_cache_threshold: float = 0.0
    step_cache_coefficients: tuple[float, ...] | None = None

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The forwards of a step."""
        return branches_of(self.text_scale, self.audio_scale)

    @property
    def needs_negative_text(self) -> bool:
        """Whether some forward sees the negative prompt."""
        return any(not branch.prompt for branch in self.branches)


@dataclass(frozen=True)
class ChunkRequest:
    """One chunk, in tensors on the CPU; it is sent to ranks that hold no encoders.

    `noise` is float32 [16, T, h, w] and `motion` [16, 1 or more, h, w]: the clean latents it begins with.
    `condition` [20, T, h, w] joins the noise as input channels. `image` is [257, image size], both texts
    [512, text size]. `windows` [people, 4 T - 3, 5, 12, 768] are the speech around each frame, `masks`
    [people + 1, h / 2, w / 2] tell several people apart.
    """

    sampling: Sampling
    noise: Tensor
    motion: Tensor
    condition: Tensor
    image: Tensor
    text: Tensor
    windows: Tensor
    negative_text: Tensor | None = None
    masks: Tensor | None = None
