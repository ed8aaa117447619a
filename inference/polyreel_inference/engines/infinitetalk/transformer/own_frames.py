"""Which latent frames the tokens of one rank lie in."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from polyreel_inference.diffusion.transformer.rotary import Grid
from polyreel_inference.parallel.sequence_group import SequenceGroup


@dataclass(frozen=True)
class OwnFrames:
    """A rank's tokens `start` to `end` - 1 of all, `per_frame` of which are one latent frame.

    They may begin and end within a frame: `before` tokens of the first one and `after` of the last one are on
    other ranks. `padding` rows follow where the ranks do not divide all tokens.
    """

    start: int
    end: int
    per_frame: int
    before: int
    after: int
    padding: int

    @classmethod
    def of(cls, grid: Grid, sequence: SequenceGroup) -> "OwnFrames":
        """Return the part of this rank, as `SequenceGroup.shard` cuts it."""
        per_frame = grid[1] * grid[2]
        tokens = grid[0] * per_frame
        share = -(-tokens // sequence.size)
        start = min(sequence.rank * share, tokens)
        end = min(start + share, tokens)
        padding = share - (end - start)
        return cls(start, end, per_frame, start % per_frame, -end % per_frame, padding)

    @property
    def frames(self) -> slice:
        """The latent frames that own tokens lie in."""
        return slice(self.start // self.per_frame, -(-self.end // self.per_frame))

    @property
    def tokens(self) -> int:
        """Own tokens without padding."""
        return self.end - self.start

    def split(self, x: Tensor) -> Tensor:
        """Bring own tokens [1, tokens, heads, head size] to [frames, per frame, heads, head size].

        Tokens of the first and the last frame that other ranks have are zeros.
        """
        whole = functional.pad(x, (0, 0, 0, 0, self.before, self.after)) if self.before or self.after else x
        frames: Tensor = whole[0].unflatten(0, (-1, self.per_frame))
        return frames

    def join(self, x: Tensor) -> Tensor:
        """Bring [frames, per frame, heads, head size] back to own tokens [1, tokens, heads, head size]."""
        return x.flatten(0, 1)[None].narrow(1, self.before, self.tokens)
