"""FlashAttention 2 (Dao, arXiv 2307.08691), from the package flash-attn."""

from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel


class Flash2Attention(AttentionKernel):
    """Takes tokens before heads as they are, so nothing is transposed; 16-bit numbers only."""

    name = "flash2"
    widest = 256

    def __init__(self) -> None:
        from flash_attn import flash_attn_func  # noqa: PLC0415 - installed only where it is wanted

        self._attend = flash_attn_func

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out: Tensor = self._attend(query, key, value, dropout_p=0.0, causal=False)
        return out
