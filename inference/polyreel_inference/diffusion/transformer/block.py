"""One transformer block of Wan on the submodules of diffusers' block.

Linear layers and attention run in the backend's dtype; norms, modulation and gated residuals in float32.
"""

from collections.abc import Hashable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.diffusion.transformer.context import ContextKeys
from polyreel_inference.diffusion.transformer.rotary import Rotary
from polyreel_inference.diffusion.transformer.runtime import Runtime


class BlockExtension(Protocol):
    """What a model adds to blocks: it sees the self-attention and may change the tokens after the text."""

    def attended(self, query: Tensor, key: Tensor) -> Tensor | None:
        """See query and key [batch, tokens of all ranks, own heads, head size] after norm and rotation.

        What is returned comes back in `after_context` of the same block.
        """

    def after_context(self, block: nn.Module, x: Tensor, seen: Tensor | None) -> Tensor:
        """Return the tokens [batch, own tokens, model size] that go on to the feed-forward layer."""

    def tensors(self) -> tuple[Tensor, ...]:
        """Return all tensors it reads besides the block's: what a recorded block gets anew in every call."""

    def signature(self) -> Hashable:
        """Return what decides about its work besides the numbers in `tensors`."""

    def reading(self, tensors: tuple[Tensor, ...]) -> "BlockExtension":
        """Return the same extension with other `tensors` of the same shapes."""


def run_block(
    block: nn.Module,
    x: Tensor,
    time: Tensor,
    rotary: Rotary,
    keys: ContextKeys,
    runtime: Runtime,
    extension: BlockExtension | None = None,
) -> Tensor:
    """Return the tokens [batch, own tokens, model size] after `block`.

    `time` is the projected time embedding, float32 [batch or 1, 6, model size].
    """
    module: Any = block
    shift, scale, gate, ffn_shift, ffn_scale, ffn_gate = (module.scale_shift_table + time).chunk(6, dim=1)
    y = modulated_norm(x, scale, shift, module.norm1.eps)
    query, key, value = self_attention_inputs(module.attn1, y, rotary, runtime)
    seen = None if extension is None else extension.attended(query, key)
    x = gated(x, self_attention(module.attn1, query, key, value, runtime), gate)
    x = x + cross_attention(module.attn2, affine_norm(module.norm2, x), keys, runtime)
    if extension is not None:
        x = extension.after_context(block, x, seen)
    y = modulated_norm(x, ffn_scale, ffn_shift, module.norm3.eps)
    return gated(x, module.ffn(y), ffn_gate)


def self_attention_inputs(
    attention: Any, x: Tensor, rotary: Rotary, runtime: Runtime
) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and value [batch, tokens of all ranks, own heads, head size] of own tokens `x`."""
    backend, sequence = runtime.backend, runtime.mesh.sequence
    heads = (attention.heads, -1)
    query = attention.norm_q(attention.to_q(x)).unflatten(2, heads)
    key = attention.norm_k(attention.to_k(x)).unflatten(2, heads)
    value = attention.to_v(x).unflatten(2, heads)
    query = backend.rotate(query, rotary.cos, rotary.sin)
    key = backend.rotate(key, rotary.cos, rotary.sin)
    # Rows of padding must not be attended to: cut off here, they come back with the exchange of heads.
    query, key, value = sequence.scatter_heads(query, key, value, length=rotary.tokens)
    return query, key, value


def self_attention(attention: Any, query: Tensor, key: Tensor, value: Tensor, runtime: Runtime) -> Tensor:
    """Attend among the tokens of all ranks, and trade the heads back for own tokens."""
    y = runtime.backend.attention(query, key, value)
    return project_out(attention, runtime.mesh.sequence.gather_heads(y))


def cross_attention(attention: Any, x: Tensor, keys: ContextKeys, runtime: Runtime) -> Tensor:
    """Attend to the text and, on its own softmax, to the image; the sum is projected."""
    query = attention.norm_q(attention.to_q(x)).unflatten(2, (attention.heads, -1))
    y = runtime.backend.attention(query, keys.text_key, keys.text_value)
    if keys.image_key is not None and keys.image_value is not None:
        y = y + runtime.backend.attention(query, keys.image_key, keys.image_value)
    return project_out(attention, y)


def project_out(attention: Any, x: Tensor) -> Tensor:
    """Join the heads of [batch, tokens, heads, head size] and project them."""
    projected: Tensor = attention.to_out[0](x.flatten(2))
    return projected


def modulated_norm(x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> Tensor:
    """Return LayerNorm(x) * (1 + scale) + shift; scale and shift are float32 [batch or 1, 1, model size]."""
    size = (x.shape[-1],)
    if scale.shape[0] == 1:
        # One modulation for the whole batch is the affine part of the norm: one kernel instead of three.
        y = functional.layer_norm(x.float(), size, 1 + scale.flatten(), shift.flatten(), eps)
    else:
        y = torch.addcmul(shift, functional.layer_norm(x.float(), size, eps=eps), 1 + scale)
    return y.to(x.dtype)


def affine_norm(norm: Any, x: Tensor) -> Tensor:
    """Apply a LayerNorm with weights in float32; a model without it has an identity here."""
    if isinstance(norm, nn.Identity):
        return x
    y = functional.layer_norm(x.float(), (x.shape[-1],), norm.weight.float(), norm.bias.float(), norm.eps)
    return y.to(x.dtype)


def gated(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    """Return x + y * gate, computed in float32 (the gate's type) and kept in the type of x."""
    return torch.addcmul(x, y, gate).to(x.dtype)
