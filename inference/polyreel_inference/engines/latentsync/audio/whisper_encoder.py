"""The encoder of Whisper, of which LatentSync hears the states of every layer.

Radford et al. (arXiv 2212.04356), section 2.2. Modules have the names of the published file.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class WhisperSizes:
    """`mels` bands, `context` states a segment, `width` of a state, attention `heads`, `layers`."""

    mels: int
    context: int
    width: int
    heads: int
    layers: int


class WhisperEncoder(nn.Module):
    """Listens to one segment of `context` states, two columns of the spectrogram each."""

    positional_embedding: Tensor

    def __init__(self, sizes: WhisperSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.conv1 = nn.Conv1d(sizes.mels, sizes.width, 3, padding=1)
        self.conv2 = nn.Conv1d(sizes.width, sizes.width, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", torch.empty(sizes.context, sizes.width))
        self.blocks = nn.ModuleList(_Block(sizes.width, sizes.heads) for _ in range(sizes.layers))
        # Not used here: the states are taken before it. It belongs to the file all the same.
        self.ln_post = nn.LayerNorm(sizes.width)

    @torch.inference_mode()
    def forward(self, mel: Tensor, check: Callable[[], None] = lambda: None) -> Tensor:
        """Return the states of a segment [mels, 2 * context]: [context, layers + 1, width].

        The first are those that enter the layers, none is normalised. `check` is called before every layer.
        """
        states = functional.gelu(self.conv1(mel[None]))
        states = functional.gelu(self.conv2(states)).transpose(1, 2) + self.positional_embedding
        heard = [states]
        for block in self.blocks:
            check()
            states = block(states)
            heard.append(states)
        return torch.stack(heard, dim=2)[0]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = _SelfAttention(width, heads)
        self.attn_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.mlp_ln = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.attn_ln(x))
        changed: Tensor = x + self.mlp(self.mlp_ln(x))
        return changed


class _SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            layer(x).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return joined
