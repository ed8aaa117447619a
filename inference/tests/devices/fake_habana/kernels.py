"""The arithmetic of the vendor's kernels, on the CPU."""

from functools import cache

import torch
from torch import Tensor

from tests.devices.fake_habana.recording import record

_SCHEMAS = (
    "sdpa_recomp_fwd(Tensor q, Tensor k, Tensor v, Tensor? attn_mask, float dropout_p, float scale, "
    "bool is_causal, bool requires_backward, str softmax_mode, Tensor? valid_seq_len, "
    "str seq_padding_type) -> (Tensor, Tensor, Tensor, Tensor)",
    "sdpa_fwd(Tensor q, Tensor k, Tensor v, float scale, str softmax_mode) -> Tensor",
    "rotary_pos_embedding(Tensor p, Tensor cos, Tensor sin) -> Tensor",
)
LONGEST = 8192


@cache
def register_operators() -> torch.library.Library:
    """Register the operators that compilers and recorders see, as importing the vendor's package does.

    Operators, unlike functions, are called when a graph runs and not only when it is made.
    """
    library = torch.library.Library("hpu", "FRAGMENT")
    for schema in _SCHEMAS:
        library.define(schema)
    for name, run in (
        ("sdpa_recomp_fwd", _sdpa_recomp_fwd),
        ("sdpa_fwd", _sdpa_fwd),
        ("rotary_pos_embedding", _rotary_pos_embedding),
    ):
        library.impl(name, run, "CompositeExplicitAutograd")
    return library


def attend(
    query: Tensor, key: Tensor, value: Tensor, scale: float, mode: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention over [B, H, L, D] with the largest score and the reciprocal sum of every row.

    The fast mode rounds the softmax to 16 bits and returns the reciprocal sum divided by 128.
    """
    assert key.shape[2] <= LONGEST, "the kernel has no memory for so long a sequence"
    assert query.shape[2] <= LONGEST, "the kernel has no memory for so long a sequence"
    scores = query.float() @ key.float().transpose(-1, -2) * scale
    peak = scores.amax(dim=-1, keepdim=True)
    weights = (scores - peak).exp()
    total = weights.sum(dim=-1, keepdim=True)
    softmax = weights / total
    if mode == "fast":
        softmax = softmax.bfloat16().float()
    reciprocal = 1.0 / total / (128.0 if mode == "fast" else 1.0)
    return (softmax @ value.float()).to(query.dtype), peak, reciprocal


def _sdpa_recomp_fwd(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None,
    dropout_p: float,
    scale: float,
    is_causal: bool,
    requires_backward: bool,
    softmax_mode: str,
    valid_seq_len: Tensor | None,
    seq_padding_type: str,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    assert attn_mask is None
    assert not is_causal
    assert requires_backward, "only then the kernel returns peaks and sums"
    if not q.is_meta:
        record("sdpa_recomp_fwd", tuple(q.shape), tuple(k.shape), softmax_mode)
    return (*attend(q, k, v, scale, softmax_mode), torch.zeros(1, dtype=torch.int32))


def _sdpa_fwd(q: Tensor, k: Tensor, v: Tensor, scale: float, softmax_mode: str) -> Tensor:
    if not q.is_meta:
        record("FusedSDPA", tuple(q.shape), tuple(k.shape), softmax_mode)
    return attend(q, k, v, scale, softmax_mode)[0]


def _rotary_pos_embedding(p: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    if not p.is_meta:
        record("apply_rotary_pos_emb", p.dtype, cos.dtype)
    turned = torch.stack((-p[..., 1::2], p[..., ::2]), dim=-1).flatten(-2)
    return p * cos + turned * sin
