"""habana_frameworks.torch.hpex.kernels."""

from enum import Enum

import torch
from torch import Tensor


class RotaryPosEmbeddingMode(Enum):
    """How numbers are paired."""

    BLOCKWISE = 0
    PAIRWISE = 1


class FusedSDPA:
    """Attention over [B, H, L, D]."""

    @staticmethod
    def apply(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        dropout: float,
        causal: bool,
        scale: float,
        mode: str,
        recompute: bool | None,
    ) -> Tensor:
        """Attend; only what diffusion models need."""
        assert mask is None
        assert recompute is None
        assert dropout == 0.0
        assert not causal
        attended: Tensor = torch.ops.hpu.sdpa_fwd(query, key, value, scale, mode)
        return attended


def apply_rotary_pos_emb(
    p: Tensor,
    cos: Tensor,
    sin: Tensor,
    position_ids: Tensor | None,
    offset: int,
    mode: RotaryPosEmbeddingMode,
) -> Tensor:
    """Rotate interleaved pairs; cosines and sines are repeated for both numbers of a pair."""
    assert mode is RotaryPosEmbeddingMode.PAIRWISE
    assert position_ids is None
    assert cos.shape[-1] == p.shape[-1]
    assert cos.dim() == p.dim()
    turned: Tensor = torch.ops.hpu.rotary_pos_embedding(p, cos, sin)
    return turned
