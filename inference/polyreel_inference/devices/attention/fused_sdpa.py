"""Attention on Intel Gaudi by its FusedSDPA kernel, in blocks where the sequence is long."""

import math

import torch
from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.habana import Habana

_BLOCK = 8192
"""Longest sequence the kernel takes at a time; longer ones use up its memory."""

_FAST_SCALE = 128.0
"""In the fast mode the kernel returns the reciprocal of the softmax' sum divided by this."""


class FusedSdpaAttention(AttentionKernel):
    """`exact` chooses the exact softmax of the kernel instead of its fast one."""

    def __init__(self, habana: Habana, *, exact: bool) -> None:
        self.name = "fused_sdpa"
        self.approximate = not exact
        self._habana = habana
        self._mode = "None" if exact else "fast"
        self._sum_scale = 1.0 if exact else _FAST_SCALE

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key, value = (x.transpose(1, 2) for x in (query, key, value))
        attend = self._whole if key.shape[2] <= _BLOCK else self._over_blocks
        rows = [attend(block, key, value) for block in query.split(_BLOCK, dim=2)]
        out = rows[0] if len(rows) == 1 else torch.cat(rows, dim=2)
        return out.transpose(1, 2)

    def _whole(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out: Tensor = self._habana.fused_sdpa.apply(
            query, key, value, None, 0.0, False, _scale(query), self._mode, None
        )
        return out

    def _over_blocks(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Merge the results of blocks of keys, each weighted by its part of the softmax' sum.

        Milakov and Gimelshein, "Online normalizer calculation for softmax" (arXiv 1805.02867), algorithm 3.
        """
        out, peak, total = self._block(query, key[:, :, :_BLOCK], value[:, :, :_BLOCK])
        for start in range(_BLOCK, key.shape[2], _BLOCK):
            place = slice(start, start + _BLOCK)
            more, its_peak, its_total = self._block(query, key[:, :, place], value[:, :, place])
            higher = torch.maximum(peak, its_peak)
            before, after = total * torch.exp(peak - higher), its_total * torch.exp(its_peak - higher)
            peak, total = higher, before + after
            out = out * (before / total) + more * (after / total)
        return out.to(query.dtype)

    def _block(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Result, largest score and softmax' sum of one block of keys, in float32."""
        # Arguments: mask, dropout, scale, causal, "requires backward" (which returns peak and sum), softmax
        # mode, valid lengths, padding side.
        out, peak, reciprocal, _ = torch.ops.hpu.sdpa_recomp_fwd(
            query, key, value, None, 0.0, _scale(query), False, True, self._mode, None, "left"
        )
        return out.float(), peak.float(), 1.0 / (reciprocal.float() * self._sum_scale)


def _scale(query: Tensor) -> float:
    return 1.0 / math.sqrt(query.shape[-1])
