"""The convolutions of wav2vec 2.0 over speech of any length, a few seconds at a time.

At once they would need 0.4 GB for a minute of speech and 25 GB for an hour. Their first layer is normalised
over the whole of the speech, so its mean and variance are found in a pass of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Model

_BLOCK = 500


@dataclass(frozen=True)
class _Reach:
    """Features lie `stride` samples apart and see `width` samples each."""

    stride: int
    width: int

    def count(self, samples: int) -> int:
        return max(0, (samples - self.width) // self.stride + 1)


class SpeechFeatures:
    """The feature extractor of a Wav2Vec2Model whose first layer has a group norm.

    It computes `block` features at a time, of which a second has 50.
    """

    def __init__(self, model: Wav2Vec2Model, block: int = _BLOCK) -> None:
        self._block = block
        first, *self._rest = model.feature_extractor.conv_layers
        self._convolution: nn.Conv1d = first.conv
        self._norm: nn.GroupNorm = first.layer_norm
        self._activation = first.activation
        kernels, strides = model.config.conv_kernel, model.config.conv_stride
        self._first = _Reach(strides[0], kernels[0])
        self._whole = _reach(kernels, strides)

    def __call__(self, speech: Tensor, check: Callable[[], None] = lambda: None) -> Tensor:
        """Return [features, channels] of speech [samples]. Raises `ValueError` when there is not even one.

        `check` is called for each block of features, to raise when nobody wants them any more.
        """
        if self._whole.count(len(speech)) < 1:
            raise ValueError(f"speech needs at least {self._whole.width} samples, not {len(speech)}")
        scale, shift = self._normalization(speech, check)
        blocks = []
        for samples in _blocks(speech, self._whole, self._block):
            check()
            blocks.append(self._features(samples, scale, shift))
        return torch.cat(blocks)

    def _features(self, samples: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        states: Tensor = self._activation(self._convolution(samples[None, None]) * scale + shift)
        for layer in self._rest:
            states = layer(states)
        return states[0].transpose(0, 1)

    def _normalization(self, speech: Tensor, check: Callable[[], None]) -> tuple[Tensor, Tensor]:
        """Return what the group norm multiplies and adds per channel, [channels, 1] each."""
        block = self._block * self._whole.stride // self._first.stride
        total = torch.zeros(self._convolution.out_channels, dtype=torch.float64)
        squares = torch.zeros_like(total)
        for samples in _blocks(speech, self._first, block):
            check()
            states = self._convolution(samples[None, None])[0].double()
            total += states.sum(dim=1)
            squares += states.square().sum(dim=1)
        count = self._first.count(len(speech))
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        scale = self._norm.weight.double() / (variance + self._norm.eps).sqrt()
        shift = self._norm.bias.double() - mean * scale
        return scale.float()[:, None], shift.float()[:, None]


def _blocks(speech: Tensor, reach: _Reach, features: int) -> Iterator[Tensor]:
    """The samples that `features` features see, then the next ones; the last block may be shorter."""
    count = reach.count(len(speech))
    for start in range(0, count, features):
        last = min(start + features, count) - 1
        yield speech[start * reach.stride : last * reach.stride + reach.width]


def _reach(kernels: list[int], strides: list[int]) -> _Reach:
    stride, width = 1, 1
    for kernel, step in zip(kernels, strides, strict=True):
        width += (kernel - 1) * stride
        stride *= step
    return _Reach(stride, width)
