"""Weight-only quantisation of a checkpoint's blocks, stored as LightX2V's converter stores it."""

import torch
from torch import Tensor

_LARGEST = {"fp8": 448.0, "int8": 127.0}


def quantize_blocks(tensors: dict[str, Tensor], quantization: str) -> dict[str, Tensor]:
    """Replace every matrix of a block by its quantised `weight` and `weight_scale` [rows, 1] in float32."""
    quantized: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name.startswith("blocks.") and name.endswith(".weight") and value.ndim == 2:
            scale = value.abs().amax(dim=1, keepdim=True) / _LARGEST[quantization]
            steps = value / scale
            stored = steps.to(torch.float8_e4m3fn) if quantization == "fp8" else steps.round().to(torch.int8)
            quantized |= {name: stored, f"{name}_scale": scale}
        else:
            quantized[name] = value
    return quantized
