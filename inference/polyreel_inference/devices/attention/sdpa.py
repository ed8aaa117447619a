"""PyTorch's own attention, which chooses among its kernels by shape and type."""

import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel

_VALUE_WIDTH_MULTIPLE = 8


class SdpaAttention(AttentionKernel):
    """`scaled_dot_product_attention`: on every device, for every width, exact."""

    name = "sdpa"
    any_value_width = True

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        width = value.shape[-1]
        if width != key.shape[-1] and width % _VALUE_WIDTH_MULTIPLE:
            # Unaligned rows would leave only the kernel that holds the whole attention matrix.
            value = F.pad(value, (0, -width % _VALUE_WIDTH_MULTIPLE))
        out = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        )
        return out.transpose(1, 2)[..., :width]
