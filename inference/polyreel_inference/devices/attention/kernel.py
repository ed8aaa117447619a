"""What an attention kernel is."""

from abc import ABC, abstractmethod

from torch import Tensor


class AttentionKernel(ABC):
    """Softmax attention without mask and without causality, scaled by 1 / sqrt(D).

    Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762), equation 1.
    """

    name: str
    any_value_width = False
    """Whether the value's last dimension may differ from the key's."""
    widest: int | None = None
    """Largest D of heads it takes, None: any."""
    approximate = False
    """Whether the kernel computes with fewer bits than its inputs have."""

    @abstractmethod
    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attend: query [B, Lq, heads, D], key and value [B, Lk, heads, D], result [B, Lq, heads, D]."""
