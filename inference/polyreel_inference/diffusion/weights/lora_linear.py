"""A linear layer with low-rank differences beside it, for layers whose weights cannot take them in."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.diffusion.weights.lora_file import LowRank


class LoraLinear(nn.Module):
    """y = base(x) + sum of strength * up (down x), in the type of x; the factors are kept in `dtype`.

    Quantised bases stay as exact as they were stored; fusing would round them a second time.
    """

    def __init__(self, base: nn.Module, differences: Sequence[LowRank], dtype: torch.dtype) -> None:
        super().__init__()
        self.base = base
        self._count = len(differences)
        for index, difference in enumerate(differences):
            self.register_buffer(f"down_{index}", difference.down.to(dtype))
            # The strength goes into one factor, so that applying costs two products and no more.
            self.register_buffer(f"up_{index}", (difference.up * difference.strength).to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., in] to [..., out]."""
        y: Tensor = self.base(x)
        for index in range(self._count):
            down: Tensor = getattr(self, f"down_{index}")
            up: Tensor = getattr(self, f"up_{index}")
            y = y + functional.linear(functional.linear(x, down.to(x.dtype)), up.to(x.dtype))
        return y
