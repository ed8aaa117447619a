"""LoRA files: what they change, and that fused ones do what applied ones do."""

from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file
from torch import Tensor

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.diffusion.weights.lora_linear import LoraLinear
from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names
from tests.checkpoints.components import random_transformer
from tests.checkpoints.kinds import FEED_FORWARD, HEAD_DIMENSION, HEADS, KINDS, transformer_config
from tests.checkpoints.layouts import write_distilled
from tests.checkpoints.original_names import original_transformer
from tests.checkpoints.written import WrittenCheckpoints

DIMENSION = HEADS * HEAD_DIMENSION
RANK = 4
LAYER = "blocks.1.ffn.net.0.proj"


def low_rank(spelling: tuple[str, str] = ("lora_down", "lora_up")) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    down, up = spelling
    return {
        f"diffusion_model.blocks.1.ffn.0.{down}.weight": torch.randn(RANK, DIMENSION, generator=generator),
        f"diffusion_model.blocks.1.ffn.0.{up}.weight": torch.randn(FEED_FORWARD, RANK, generator=generator),
    }


def difference(tensors: dict[str, Tensor]) -> Tensor:
    down, up = tensors.values()
    return up.double() @ down.double()


@pytest.fixture
def base(checkpoints: WrittenCheckpoints) -> Path:
    return checkpoints.folder("t2v", "original")


@pytest.mark.parametrize("spelling", [("lora_down", "lora_up"), ("lora_A", "lora_B")])
def test_low_rank_differences_are_fused(base: Path, tmp_path: Path, spelling: tuple[str, str]) -> None:
    tensors = low_rank(spelling)
    plain, fused = load(base), load(base, write(tmp_path, tensors, strength=0.5))

    wanted = plain.get_parameter(f"{LAYER}.weight").double() + 0.5 * difference(tensors)
    assert torch.allclose(fused.get_parameter(f"{LAYER}.weight").double(), wanted, atol=1e-6)
    untouched = set(plain.state_dict()) - {f"{LAYER}.weight"}
    assert all(torch.equal(plain.state_dict()[name], fused.state_dict()[name]) for name in untouched)


def test_alpha_is_divided_by_the_rank(base: Path, tmp_path: Path) -> None:
    tensors = low_rank()
    alpha = {"diffusion_model.blocks.1.ffn.0.alpha": torch.tensor(3.0)}
    fused = load(base, write(tmp_path, tensors | alpha))

    wanted = load(base).get_parameter(f"{LAYER}.weight").double() + 3 / RANK * difference(tensors)
    assert torch.allclose(fused.get_parameter(f"{LAYER}.weight").double(), wanted, atol=1e-6)


def test_full_differences_change_weights_biases_and_modulation(base: Path, tmp_path: Path) -> None:
    tensors = {
        "diffusion_model.blocks.0.norm3.diff": torch.full((DIMENSION,), 2.0),
        "diffusion_model.blocks.0.self_attn.q.diff_b": torch.full((DIMENSION,), 4.0),
        "diffusion_model.blocks.0.diff_m": torch.full((1, 6, DIMENSION), 6.0),
        "diffusion_model.head.diff_m": torch.full((1, 2, DIMENSION), 8.0),
    }
    plain, fused = load(base).state_dict(), load(base, write(tmp_path, tensors, strength=0.5)).state_dict()

    changed = {name: (fused[name] - plain[name]).mean().item() for name in plain}
    assert {name: round(value, 4) for name, value in changed.items() if value} == {
        "blocks.0.norm2.weight": 1.0,
        "blocks.0.attn1.to_q.bias": 2.0,
        "blocks.0.scale_shift_table": 3.0,
        "scale_shift_table": 4.0,
    }


def test_files_add_up(base: Path, tmp_path: Path) -> None:
    tensors = low_rank()
    first, second = write(tmp_path, tensors, strength=1.0), write(tmp_path, tensors, strength=-0.25)
    once = load(base, LoraFile(first.path, 0.75)).get_parameter(f"{LAYER}.weight")

    assert torch.allclose(load(base, first, second).get_parameter(f"{LAYER}.weight"), once, atol=1e-5)


@pytest.mark.parametrize("kind", ["t2v", "i2v", "i2v-a14b"])
def test_a_lora_of_every_parameter_makes_the_other_model(kind: str, tmp_path: Path) -> None:
    """Extracted as LightX2V publishes them: matrices as factors, everything else as full differences."""
    base, other = (original_transformer(random_transformer(KINDS[kind], 0, seed)) for seed in (0, 1))
    save_file(contiguous(base), tmp_path / "base.safetensors")
    tensors: dict[str, Tensor] = {}
    for name, value in base.items():
        stem, leaf = name.rsplit(".", 1)
        change = other[name] - value
        if value.ndim == 2:
            tensors[f"diffusion_model.{stem}.lora_down.weight"] = torch.eye(value.shape[1])
            tensors[f"diffusion_model.{stem}.lora_up.weight"] = change
        else:
            end = {"weight": "diff", "bias": "diff_b", "modulation": "diff_m"}[leaf]
            tensors[f"diffusion_model.{stem}.{end}"] = change

    fused = load(tmp_path / "base.safetensors", write(tmp_path, tensors), kind=kind).state_dict()

    wanted = random_transformer(KINDS[kind], 0, 1)
    assert all(torch.allclose(fused[name], value, atol=1e-6) for name, value in wanted.items())


@pytest.mark.parametrize("quantization", ["fp8", "int8"])
def test_applied_beside_a_stored_quantised_layer(tmp_path: Path, quantization: str) -> None:
    folder = write_distilled(tmp_path / "quantised", "t2v", quantization=quantization)
    lora = write(tmp_path, low_rank(), strength=0.7)
    applied = load(folder, lora, quantization=quantization).get_submodule(LAYER)
    fused = load(folder, lora).get_submodule(LAYER)
    x = torch.randn(2, 5, DIMENSION, generator=torch.Generator().manual_seed(2))

    assert isinstance(applied, LoraLinear)
    assert isinstance(applied.base, QuantizedLinear)
    assert torch.allclose(applied(x), fused(x), atol=1e-4, rtol=1e-5)


def test_fused_before_a_layer_is_quantised(base: Path, tmp_path: Path) -> None:
    lora = write(tmp_path, low_rank())
    quantized = load(base, lora, quantization="int8").get_submodule(LAYER)
    fused = load(base, lora).get_parameter(f"{LAYER}.weight")

    assert isinstance(quantized, QuantizedLinear)
    step = quantized.get_buffer("scale")[:, None]
    assert ((quantized.dequantize() - fused).abs() <= 0.501 * step).all()


def test_names_layers_the_model_does_not_have(base: Path, tmp_path: Path) -> None:
    tensors = {"diffusion_model.blocks.0.cross_attn.k_img.diff_b": torch.zeros(DIMENSION)}

    with pytest.raises(
        WeightsError, match=r"lora\.safetensors .*not have: blocks\.0\.attn2\.add_k_proj\.bias"
    ):
        load(base, write(tmp_path, tensors))


def test_names_differences_of_another_size(base: Path, tmp_path: Path) -> None:
    tensors = low_rank()
    narrow = {name: value[:, :8] if "down" in name else value for name, value in tensors.items()}

    with pytest.raises(WeightsError, match=r"other shapes: .* \[384, 8\] instead of \[384, 192\]"):
        load(base, write(tmp_path, narrow))


def test_refuses_foreign_tensors_and_halves_of_pairs(base: Path, tmp_path: Path) -> None:
    tensors = low_rank()
    down = next(iter(tensors))

    with pytest.raises(WeightsError, match=r"no LoRA has: blocks\.1\.weight"):
        load(base, write(tmp_path, tensors | {"blocks.1.weight": torch.zeros(1)}))
    with pytest.raises(WeightsError, match=r"one half of the pair for: blocks\.1\.ffn\.net\.0\.proj\.weight"):
        load(base, write(tmp_path, {down: tensors[down]}))


def contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in tensors.items()}


def write(folder: Path, tensors: dict[str, Tensor], strength: float = 1.0) -> LoraFile:
    path = folder / "lora.safetensors"
    save_file(contiguous(tensors), path)
    return LoraFile(path, strength)


def load(
    place: Path, *adapters: LoraFile, quantization: str | None = None, kind: str = "t2v"
) -> WanTransformer3DModel:
    return load_module(
        lambda: WanTransformer3DModel(**transformer_config(KINDS[kind])),
        TensorFiles([place] if place.is_file() else sorted(place.glob("*.safetensors"))),
        wan_transformer_names,
        dtype=torch.float32,
        device="cpu",
        adapters=adapters,
        quantization=quantization,
    )
