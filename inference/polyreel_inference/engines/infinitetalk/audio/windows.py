"""What the transformer hears at each frame: a few frames of the speech around it."""

from collections.abc import Sequence

import torch
from torch import Tensor

WINDOW = 5
"""Frames heard at once: the frame itself, two before and two after it."""

_MARGIN = 3


def audio_windows(embeddings: Sequence[Tensor], start: int, frames: int) -> Tensor:
    """Return the windows of the frames `start` to `start + frames`: [people, frames, 5, 12, 768].

    `embeddings` holds the speech of each person, [N, 12, 768]; before its first and after its last frame that
    frame goes on.
    """
    reach = torch.arange(WINDOW) - WINDOW // 2
    indices = torch.arange(start, start + frames)[:, None] + reach
    return torch.stack([speech[indices.clamp(0, len(speech) - 1)] for speech in embeddings])


def mirror_tail(embedding: Tensor, end: int) -> Tensor:
    """Extend the speech [N, 12, 768] so that a chunk of frames can go on until `end`.

    What is missing is the speech backwards from its last frame, with three frames to spare for the windows;
    speech shorter than that goes back and forth. Unchanged where N is above `end`.
    """
    if end < len(embedding):
        return embedding
    wanted = end + _MARGIN
    while len(embedding) < wanted:
        missing = min(wanted - len(embedding), len(embedding))
        embedding = torch.cat([embedding, embedding[-missing:].flip(0)])
    return embedding
