"""SageAttention (Zhang et al., arXiv 2410.02367 and 2411.10958): scores from 8-bit queries and keys."""

from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel


class SageAttention(AttentionKernel):
    """Faster than exact attention and nearly as good; 16-bit inputs only."""

    name = "sage"
    approximate = True
    widest = 128

    def __init__(self) -> None:
        from sageattention import sageattn  # noqa: PLC0415 - installed only where it is wanted

        self._attend = sageattn

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out: Tensor = self._attend(query, key, value, tensor_layout="NHD", is_causal=False)
        return out
