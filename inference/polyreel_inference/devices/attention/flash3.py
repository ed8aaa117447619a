"""FlashAttention 3 (Shah et al., arXiv 2407.08608) for Hopper, from its package flash_attn_interface."""

from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel


class Flash3Attention(AttentionKernel):
    """Takes tokens before heads as they are, so nothing is transposed; 16-bit numbers only."""

    name = "flash3"
    widest = 256

    def __init__(self) -> None:
        from flash_attn_interface import flash_attn_func  # noqa: PLC0415 - installed only where it is wanted

        self._attend = flash_attn_func

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out: Tensor | tuple[Tensor, Tensor] = self._attend(query, key, value, causal=False)
        # Releases of 2024 return the log-sum-exp beside the result.
        return out[0] if isinstance(out, tuple) else out
