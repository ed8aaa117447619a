"""What the network hears at each frame: the features a little before and after it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures

_BEFORE = 4
_AFTER = 5
"""Rows that are heard before and after the one at the frame's own time: -80 ms to +120 ms with its length."""


def windows_at(features: SpeechFeatures, rows: Sequence[int]) -> Tensor:
    """Return what is heard at frames that begin at `rows`, which rise: float32 [frames, tokens, width].

    Tokens are the layers of the first row, then those of the second one, 10 rows in all (50 tokens with
    Whisper tiny). Before its first and after its last row, that row of the speech goes on.
    """
    last = len(features) - 1
    indices = (torch.tensor(rows)[:, None] + torch.arange(-_BEFORE, _AFTER + 1)).clamp(0, last)
    first = int(indices[0, 0])
    heard = features.rows(first, int(indices[-1, -1]) + 1)
    return heard[indices - first].flatten(1, 2)
