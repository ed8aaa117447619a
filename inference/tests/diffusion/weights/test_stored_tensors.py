"""Quantised weights in the spellings in which they are published."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from polyreel_inference.diffusion.weights.stored_tensors import StoredTensors
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

DATA = torch.tensor([[1.0, -2.0, 4.0], [8.0, 0.5, -16.0]])
SCALES = torch.tensor([[0.25], [3.0]])
BIAS = torch.tensor([1.0, 2.0])


def lightx2v(data: Tensor) -> dict[str, Tensor]:
    return {"q.weight": data, "q.weight_scale": SCALES}


def quanto(data: Tensor) -> dict[str, Tensor]:
    ends = {"q.input_scale": torch.ones(()), "q.output_scale": torch.ones(())}
    return {"q.weight._data": data, "q.weight._scale": SCALES.bfloat16()} | ends


@pytest.mark.parametrize("spelling", [lightx2v, quanto])
@pytest.mark.parametrize("word", ["fp8", "int8"])
def test_a_scale_per_row(tmp_path: Path, spelling: Callable[[Tensor], dict[str, Tensor]], word: str) -> None:
    data = DATA.to(torch.float8_e4m3fn) if word == "fp8" else DATA.to(torch.int8)
    stored = open_stored(tmp_path, spelling(data) | {"q.bias": BIAS})

    assert sorted(stored.names()) == ["q.bias", "q.weight"]
    assert stored.quantization("q.weight") == word
    assert stored.quantization("q.bias") is None
    assert torch.equal(stored.read("q.weight", torch.float32, "cpu"), data.float() * SCALES)
    assert torch.equal(stored.read("q.bias", torch.float32, "cpu"), BIAS)
    kept, scale = stored.read_quantized("q.weight", "cpu")
    assert kept.dtype == data.dtype
    assert torch.equal(kept.float(), data.float())
    assert torch.equal(scale, SCALES.flatten())


def test_one_scale_for_a_matrix(tmp_path: Path) -> None:
    content = {"q.weight": DATA.to(torch.float8_e4m3fn), "q.scale_weight": torch.tensor(0.5)}
    stored = open_stored(tmp_path, content | {"scaled_fp8": torch.zeros(2), "q.scale_input": torch.ones(1)})

    assert stored.names() == ("q.weight",)
    assert torch.equal(stored.read("q.weight", torch.float32, "cpu"), DATA * 0.5)
    _, scale = stored.read_quantized("q.weight", "cpu")
    assert scale.tolist() == [0.5, 0.5]


def test_float8_without_a_scale_is_what_it_says(tmp_path: Path) -> None:
    stored = open_stored(tmp_path, {"q.weight": DATA.to(torch.float8_e4m3fn)})

    assert stored.quantization("q.weight") is None
    assert not stored.lacks_scale("q.weight")
    assert torch.equal(stored.read("q.weight", torch.float32, "cpu"), DATA)


def test_integers_without_a_scale_mean_nothing(tmp_path: Path) -> None:
    stored = open_stored(tmp_path, {"q.weight": DATA.to(torch.int8)})

    assert stored.lacks_scale("q.weight")
    with pytest.raises(ValueError, match="not quantised"):
        stored.read_quantized("q.weight", "cpu")


def test_a_scale_without_its_weight_is_a_tensor_like_others(tmp_path: Path) -> None:
    stored = open_stored(tmp_path, {"q.weight_scale": SCALES})

    assert stored.names() == ("q.weight_scale",)


def open_stored(folder: Path, tensors: dict[str, Tensor]) -> StoredTensors:
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "x.safetensors")
    return StoredTensors(TensorFiles([folder / "x.safetensors"]))
