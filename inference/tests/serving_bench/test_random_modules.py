"""Modules of random weights: complete, finite and in the types asked for."""

import torch
from torch import nn

from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from polyreel_inference.serving.bench.random_modules import quantize_blocks, random_module

CPU = torch.device("cpu")


class Small(nn.Module):
    """Blocks, a norm to be kept exact, a tied weight and a table no checkpoint holds."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.norm2 = nn.LayerNorm(8)
        self.table = nn.Embedding(8, 8)
        self.head = nn.Linear(8, 8, bias=False)
        self.head.weight = self.table.weight
        self.register_buffer("positions", torch.arange(8), persistent=False)


def test_every_tensor_has_storage_type_and_numbers() -> None:
    module = random_module(Small, CPU, torch.bfloat16, ("norm2",))
    for name, parameter in module.named_parameters():
        assert parameter.dtype == (torch.float32 if name.startswith("norm2") else torch.bfloat16), name
        assert parameter.isfinite().all(), name
        assert parameter.float().std() > 0, name
    assert module.head.weight is module.table.weight
    assert module.get_buffer("positions").tolist() == list(range(8))


def test_quantises_the_linear_layers_of_blocks_alone() -> None:
    module = random_module(Small, CPU, torch.float32)
    quantize_blocks(module, "fp8")
    assert all(isinstance(block, QuantizedLinear) for block in module.blocks)
    assert type(module.head) is nn.Linear
