"""PyTorch's attention with cuDNN's kernel first, the fastest one it has for Hopper and later."""

from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from polyreel_inference.devices.attention.sdpa import SdpaAttention

_ORDER = [
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]


class CudnnAttention(SdpaAttention):
    """Like `SdpaAttention`; shapes and types that cuDNN does not take go to the next kernel of the order."""

    name = "cudnn"

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        with sdpa_kernel(_ORDER, set_priority=True):
            return super().__call__(query, key, value)
