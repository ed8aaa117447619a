"""Linear layers whose weights take one byte a number: int8 or float8 with a scale per output channel."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from polyreel_inference.diffusion.weights.stored_tensors import QUANTIZED_TYPES

_LARGEST = {"fp8": 448.0, "int8": 127.0}


class QuantizedLinear(nn.Module):
    """y = (x q^T) * scale + bias, with q int8 or float8_e4m3fn [out, in] and scale float32 [out].

    The activations keep their type: only the weights are rounded, symmetrically around 0.
    """

    def __init__(self, data: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = data.shape
        self.register_buffer("data", data)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map [..., in] to [..., out] in the type of x."""
        data, scale = cast(Tensor, self.data), cast(Tensor, self.scale)
        y = functional.linear(x, data.to(x.dtype)) * scale.to(x.dtype)
        bias = cast(Tensor | None, self.bias)
        return y if bias is None else y + bias.to(x.dtype)

    def dequantize(self) -> Tensor:
        """Return the weight float32 [out, in] that this layer stands for."""
        data, scale = cast(Tensor, self.data), cast(Tensor, self.scale)
        return data.float() * scale.unsqueeze(1)


def quantize_weight(weight: Tensor, quantization: str) -> tuple[Tensor, Tensor]:
    """Round a weight [out, in] to "fp8" or "int8"; return the data and the float32 scale [out].

    The largest number of a row meets the largest of the type. Raises `ValueError` for other words.
    """
    check_quantization(quantization)
    weight = weight.float()
    # Rows of zeros keep zeros under any scale.
    largest = weight.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny * 1e6)
    scale = largest / _LARGEST[quantization]
    steps = weight / scale.unsqueeze(1)
    if quantization == "int8":
        steps = steps.round_()
    return steps.to(QUANTIZED_TYPES[quantization]), scale


def quantize_linear(linear: nn.Linear, quantization: str) -> QuantizedLinear:
    """Return `linear` with its weight rounded to "fp8" or "int8"."""
    data, scale = quantize_weight(linear.weight.detach(), quantization)
    return QuantizedLinear(data, scale, None if linear.bias is None else linear.bias.detach())


def check_quantization(quantization: str) -> None:
    """Raise `ValueError` unless `quantization` is a word this module knows."""
    if quantization not in QUANTIZED_TYPES:
        raise ValueError(
            f"Weights can be quantised to {', '.join(QUANTIZED_TYPES)}, not to {quantization!r}."
        )


def is_block_linear(name: str, module: nn.Module) -> bool:
    """Whether `module` is a linear layer of a transformer block: the attentions' and the feed-forward's."""
    return name.startswith("blocks.") and isinstance(module, nn.Linear)
