"""How much arithmetic a denoising step of InfiniteTalk is: Wan's, and what speech adds to it.

Counted as in `polyreel_inference.diffusion.flops`. Tokens of speech are projected once a chunk, not in every
forward, so their projection is apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polyreel_inference.diffusion.flops import TransformerShape, forward_flops, video_tokens
from polyreel_inference.engines.infinitetalk.sampling.guidance import Branch
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes


@dataclass(frozen=True)
class TalkFlops:
    """Floating-point operations for a chunk of `frames` pictures with `people` speakers.

    `shape` is the transformer of Wan that InfiniteTalk extends.
    """

    shape: TransformerShape
    width: int
    height: int
    frames: int
    people: int
    sizes: AudioSizes

    def forward(self, people: int) -> int:
        """Operations of one forward that hears so many people; silence is one person's."""
        speaking = replace(self.shape, frame_tokens=self.sizes.tokens * people, frame_dim=self.sizes.width)
        total = forward_flops(speaking, self.width, self.height, self.frames).total
        return total + (self.shape.layers * self._reference_map() if people > 1 else 0)

    def step(self, branches: Sequence[Branch]) -> int:
        """Operations of one denoising step with these branches of guidance."""
        return sum(self.forward(self.people if branch.speech else 1) for branch in branches)

    def projection(self, people: int) -> int:
        """Operations of bringing the speech of a chunk to audio tokens, once for all steps."""
        sizes = self.sizes
        features, latent_frames = sizes.layers * sizes.width, (self.frames - 1) // 4 + 1
        first, later = sizes.window * features, sizes.slots * features
        entering = (first + (latent_frames - 1) * later) * sizes.hidden
        leaving = latent_frames * sizes.hidden * (sizes.hidden + sizes.tokens * sizes.width)
        return 2 * people * (entering + leaving)

    def _reference_map(self) -> int:
        """Operations by which one block tells who a token belongs to: attention to the first latent frame.

        Its values, the masks, are as wide as the keys, however many there are.
        """
        tokens = video_tokens(self.shape, self.width, self.height, self.frames)
        per_frame = tokens // ((self.frames - 1) // 4 + 1)
        return 4 * tokens * per_frame * self.shape.dim
