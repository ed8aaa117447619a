"""Rotary position embedding on interleaved pairs."""

import torch
from torch import Tensor


def rotate_pairs(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn every pair (2i, 2i+1) of the last dimension by the angle whose cosine and sine are given.

    x [B, L, heads, D]; cos and sin float32 [L, D/2]. Computed in float32, returned in the type of x.
    Su et al., "RoFormer" (arXiv 2104.09864), equation 15.
    """
    if torch.compiler.is_compiling():
        return _rotate_real(x, cos, sin)
    # One complex product in place is three kernels in all; the compiler fuses the real form better.
    turned = torch.view_as_complex(x.to(torch.float32, copy=True).unflatten(-1, (-1, 2)))
    turned.mul_(torch.complex(cos, sin).unsqueeze(-2))
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)


def _rotate_real(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = cos.unsqueeze(-2), sin.unsqueeze(-2)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)
