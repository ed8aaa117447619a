"""Weights of one byte a number: how far they are from the ones they stand for."""

from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel
from torch import nn

from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.quantized_linear import (
    QuantizedLinear,
    quantize_linear,
    quantize_weight,
)
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names
from tests.checkpoints.components import random_transformer
from tests.checkpoints.kinds import KINDS, transformer_config
from tests.checkpoints.layouts import write_distilled
from tests.checkpoints.original_names import original_transformer
from tests.checkpoints.quantize import quantize_blocks


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(24, 40)


def test_int8_is_off_by_half_a_step_at_most(linear: nn.Linear) -> None:
    data, scale = quantize_weight(linear.weight, "int8")

    assert data.dtype == torch.int8
    assert torch.equal(data.abs().amax(dim=1), torch.full((40,), 127, dtype=torch.int8))
    difference = (data.float() * scale[:, None] - linear.weight).abs()
    assert (difference <= scale[:, None] * 0.501).all()


def test_fp8_keeps_four_significant_bits(linear: nn.Linear) -> None:
    data, scale = quantize_weight(linear.weight, "fp8")

    assert data.dtype == torch.float8_e4m3fn
    difference = (data.float() * scale[:, None] - linear.weight).abs()
    # Half a unit of the last of three stored bits; below the normal numbers half the smallest step.
    assert (difference <= torch.maximum(linear.weight.abs() / 16, scale[:, None] * 2**-10) * 1.001).all()


@pytest.mark.parametrize("quantization", ["fp8", "int8"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_forward_is_that_of_the_weight_it_stands_for(
    linear: nn.Linear, quantization: str, dtype: torch.dtype
) -> None:
    quantized = quantize_linear(linear, quantization)
    x = torch.randn(2, 5, 24)
    wanted = nn.functional.linear(x, quantized.dequantize(), linear.bias)

    result = quantized(x.to(dtype))

    assert result.dtype == dtype
    tolerance = 1e-5 if dtype == torch.float32 else 0.03
    assert torch.allclose(result.float(), wanted, atol=tolerance)
    assert not torch.equal(quantized.dequantize(), linear.weight)


def test_rows_of_zeros_and_layers_without_bias() -> None:
    linear = nn.Linear(24, 40, bias=False)
    linear.weight.data[3] = 0

    result = quantize_linear(linear, "int8")(torch.randn(1, 24))

    assert result.isfinite().all()
    assert result[0, 3] == 0


def test_other_words_are_refused(linear: nn.Linear) -> None:
    with pytest.raises(ValueError, match="fp8, int8, not to 'int4'"):
        quantize_linear(linear, "int4")


@pytest.mark.parametrize("quantization", ["fp8", "int8"])
def test_only_linear_layers_of_blocks_are_quantised(tmp_path: Path, quantization: str) -> None:
    folder = write_distilled(tmp_path / "plain", "i2v")
    model = load(folder, quantization)

    quantized = {name for name, part in model.named_modules() if isinstance(part, QuantizedLinear)}
    first = {name.removeprefix("blocks.0.") for name in quantized if name.startswith("blocks.0.")}
    own = {f"attn1.{part}" for part in ("to_q", "to_k", "to_v", "to_out.0")}
    cross = {f"attn2.{part}" for part in ("to_q", "to_k", "to_v", "to_out.0", "add_k_proj", "add_v_proj")}
    assert first == own | cross | {"ffn.net.0.proj", "ffn.net.2"}
    assert all(name.startswith("blocks.") for name in quantized)


@pytest.mark.parametrize("quantization", ["fp8", "int8"])
def test_quantised_checkpoints_are_kept_as_stored_or_undone(tmp_path: Path, quantization: str) -> None:
    folder = write_distilled(tmp_path / "quantised", "i2v", quantization=quantization)
    stored = quantize_blocks(original_transformer(random_transformer(KINDS["i2v"], 0, 0)), quantization)
    data, scale = stored["blocks.1.ffn.0.weight"], stored["blocks.1.ffn.0.weight_scale"]

    kept = load(folder, quantization).get_submodule("blocks.1.ffn.net.0.proj")
    undone = load(folder, None).get_parameter("blocks.1.ffn.net.0.proj.weight")

    assert torch.equal(kept.get_buffer("data").float(), data.float())
    assert torch.equal(kept.get_buffer("scale"), scale.flatten())
    assert torch.equal(undone, data.float() * scale)


def load(folder: Path, quantization: str | None) -> WanTransformer3DModel:
    return load_module(
        lambda: WanTransformer3DModel(**transformer_config(KINDS["i2v"])),
        TensorFiles(sorted(folder.glob("*.safetensors"))),
        wan_transformer_names,
        dtype=torch.float32,
        device="cpu",
        quantization=quantization,
    )
