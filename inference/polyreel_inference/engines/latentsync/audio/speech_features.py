"""What Whisper hears of a whole speech, encoded one segment after the other as it is asked for."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from polyreel_inference.engines.latentsync.audio.mel import log_mel
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder
from polyreel_inference.media.audio import Samples

ROWS_PER_SECOND = 50

_COLUMNS_PER_ROW = 2
_KEPT = 3


class SpeechFeatures:
    """The features of speech [samples] at 16 kHz: 50 rows per second, float32 [layers + 1, width] each.

    Whisper hears segments of 30 seconds. The original (`overlap_seconds` 0) hears them side by side, and
    mouths twitch where they meet. With an overlap, as much of each segment is heard again in the next one and
    the two are faded into each other. Whatever the length, at most three segments are kept: ask for rows in
    rising order. `check` is called during all work, to raise when the job is cancelled. Raises `ValueError`
    for less than 320 samples or an overlap above 15 seconds.
    """

    def __init__(
        self,
        encoder: WhisperEncoder,
        samples: Samples,
        *,
        overlap_seconds: float = 0.0,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        context = encoder.sizes.context
        overlap = round(overlap_seconds * ROWS_PER_SECOND)
        if not 0 <= overlap <= context // 2:
            raise ValueError(f"segments cannot share {overlap_seconds} seconds")
        self._encoder, self._check = encoder, check
        self._mel = log_mel(samples, check)
        self._context, self._overlap, self._stride = context, overlap, context - overlap
        self._length = self._mel.shape[1] // _COLUMNS_PER_ROW
        if not self._length:
            raise ValueError(f"{len(samples)} samples are too few for a row of features")
        self._segments = 1 + max(0, -(-(self._length - context) // self._stride))
        self._encoded: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Rows of the whole speech."""
        return self._length

    def rows(self, first: int, end: int) -> Tensor:
        """Return the rows `first` to `end`, [end - first, layers + 1, width], on the CPU."""
        sizes = self._encoder.sizes
        wanted = torch.zeros(end - first, sizes.layers + 1, sizes.width)
        lowest = max(0, (first - self._context) // self._stride)
        for number in range(lowest, self._segments):
            start = number * self._stride
            begin, stop = max(first, start), min(end, start + self._context)
            if start >= end:
                break
            if begin >= stop:
                continue
            inside = slice(begin - start, stop - start)
            weights = self._weights(number)[inside]
            wanted[begin - first : stop - first] += self._segment(number)[inside] * weights[:, None, None]
        return wanted

    def _weights(self, number: int) -> Tensor:
        """Part that each row of a segment has in the result; the parts of all segments add up to 1."""
        weights = torch.ones(self._context)
        rising = (torch.arange(self._overlap) + 0.5) / max(1, self._overlap)
        if number > 0:
            weights[: self._overlap] = rising
        if number < self._segments - 1:
            weights[self._stride :] = 1 - rising
        return weights

    def _segment(self, number: int) -> Tensor:
        if number not in self._encoded:
            self._check()
            begin = number * self._stride * _COLUMNS_PER_ROW
            columns = self._context * _COLUMNS_PER_ROW
            heard = self._mel[:, begin : begin + columns]
            # The original fills up the finished spectrogram, not the sound.
            whole = functional.pad(heard, (0, columns - heard.shape[1]))
            while len(self._encoded) >= _KEPT:
                del self._encoded[next(iter(self._encoded))]
            self._encoded[number] = self._encoder(whole, self._check)
        return self._encoded[number]
