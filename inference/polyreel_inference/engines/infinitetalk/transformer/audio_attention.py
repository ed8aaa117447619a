"""The layers by which a block attends to speech."""

from torch import Tensor, nn


class AudioAttention(nn.Module):
    """Query, key, value and output layers, under the parameter names of the published file.

    Neither queries nor keys are normalised.
    """

    def __init__(self, size: int, heads: int, audio_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_linear = nn.Linear(size, size)
        self.kv_linear = nn.Linear(audio_width, 2 * size)
        self.proj = nn.Linear(size, size)

    def query(self, x: Tensor) -> Tensor:
        """Return [batch, tokens, heads, head size] of video tokens [batch, tokens, model size]."""
        query: Tensor = self.q_linear(x).unflatten(2, (self.heads, -1))
        return query

    def key_and_value(self, speech: Tensor) -> tuple[Tensor, Tensor]:
        """Return both [frames, audio tokens, heads, head size] of audio tokens [frames, tokens, 768]."""
        key, value = self.kv_linear(speech).unflatten(2, (2, self.heads, -1)).unbind(2)
        return key, value
