"""Modules of full size without a checkpoint: how fast they are does not depend on what they know."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import nn

from polyreel_inference.diffusion.weights.empty_module import (
    build_empty,
    move_tables,
    replace_module,
    slots_of,
)
from polyreel_inference.diffusion.weights.quantized_linear import is_block_linear, quantize_linear

Built = TypeVar("Built", bound=nn.Module)

# Small enough for the numbers to stay finite through forty blocks.
_DEVIATION = 0.02


def random_module(
    build: Callable[[], Built],
    device: torch.device,
    dtype: torch.dtype,
    float32_parts: Sequence[str] = (),
) -> Built:
    """Build a module directly on `device` in `dtype` with normal random weights.

    Parameters with one of `float32_parts` (whole segments of names) become float32. No second copy is made on
    the host or the device, so a model that fits there can be measured there.
    """
    module = build_empty(build)
    slots = {slot.names[0]: slot for slot in slots_of(module).values()}
    for name, slot in slots.items():
        if not slot.dtype.is_floating_point:
            slot.fill(module, torch.zeros(slot.shape, dtype=slot.dtype, device=device))
            continue
        kept = any(f".{part}." in f".{name}." for part in float32_parts)
        value = torch.empty(slot.shape, dtype=torch.float32 if kept else dtype, device=device)
        slot.fill(module, value.normal_(0, _DEVIATION))
    move_tables(module, device)
    return module


def quantize_blocks(module: nn.Module, quantization: str) -> None:
    """Round the linear layers of the blocks to "fp8" or "int8", one after another."""
    linears = [(name, part) for name, part in module.named_modules() if is_block_linear(name, part)]
    for name, part in linears:
        if isinstance(part, nn.Linear):
            replace_module(module, name, quantize_linear(part, quantization))
