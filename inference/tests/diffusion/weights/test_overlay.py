"""One checkpoint over another: what the newer one holds counts, whole and with its own scales."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.name_maps import same_names
from polyreel_inference.diffusion.weights.overlay import overlay
from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names

PLAIN = torch.full((3, 2), 7.0)
DATA = torch.arange(6, dtype=torch.int8).reshape(3, 2)
SCALE = torch.tensor([[0.5], [2.0], [4.0]])
STORED: dict[str, dict[str, Tensor]] = {
    "plain": {"blocks.0.weight": PLAIN},
    "quanto": {
        "blocks.0.weight._data": DATA,
        "blocks.0.weight._scale": SCALE,
        "blocks.0.input_scale": torch.ones(()),
    },
    "lightx2v": {"blocks.0.weight": DATA, "blocks.0.weight_scale": SCALE},
    "comfyui": {"blocks.0.weight": DATA, "blocks.0.scale_weight": torch.tensor(0.5)},
}
WEIGHTS = {"plain": PLAIN, "quanto": DATA * SCALE, "lightx2v": DATA * SCALE, "comfyui": DATA * 0.5}

Files = Callable[..., TensorFiles]


class Model(nn.Module):
    """One block, and a part outside the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 3)])
        self.head = nn.Linear(2, 1, bias=False)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    def write(name: str, **tensors: Tensor) -> TensorFiles:
        path = tmp_path / f"{name}.safetensors"
        save_file(tensors, path)
        return TensorFiles([path])

    return write


def _rest(bias: float) -> dict[str, Tensor]:
    return {"blocks.0.bias": torch.full((3,), bias), "head.weight": torch.full((1, 2), bias)}


@pytest.mark.parametrize("newer", list(STORED))
@pytest.mark.parametrize("older", list(STORED))
def test_a_weight_is_replaced_together_with_its_scale(files: Files, older: str, newer: str) -> None:
    base = files("base", **_rest(1.0), **STORED[older])
    both = overlay(base, files("newer", **STORED[newer]), same_names)

    model = load_module(Model, both, same_names, dtype=torch.float32, device="cpu")
    wanted = {
        "blocks.0.weight": WEIGHTS[newer],
        "blocks.0.bias": torch.ones(3),
        "head.weight": torch.ones(1, 2),
    }
    for name, value in model.state_dict().items():
        assert torch.equal(value, wanted[name])


def test_quantised_weights_over_plain_ones_stay_as_stored(files: Files) -> None:
    both = overlay(
        files("base", **_rest(1.0), **STORED["plain"]), files("newer", **STORED["quanto"]), same_names
    )
    model = load_module(Model, both, same_names, dtype=torch.float32, device="cpu", quantization="int8")

    layer = model.blocks[0]
    assert isinstance(layer, QuantizedLinear)
    assert torch.equal(layer.dequantize(), DATA * SCALE)


def test_a_part_is_known_in_every_spelling(files: Files) -> None:
    base = files("base", **{"blocks.0.attn1.to_q.bias": torch.zeros(2), "proj_out.bias": torch.zeros(2)})
    newer = files("newer", **{"model.diffusion_model.blocks.0.self_attn.q.bias": torch.ones(2)})
    both = overlay(base, newer, wan_transformer_names)

    assert list(both.names()) == ["model.diffusion_model.blocks.0.self_attn.q.bias", "proj_out.bias"]
    assert [path.name for path in both.paths] == ["newer.safetensors", "base.safetensors"]
    assert torch.equal(both.read(both.names()[0]), torch.ones(2))
    # The files that were joined can still be read by themselves.
    assert list(newer.names()) == ["model.diffusion_model.blocks.0.self_attn.q.bias"]
    assert len(base.names()) == 2


def test_two_tensors_of_one_name_for_two_parts_are_refused(files: Files) -> None:
    def never_the_same(name: str) -> bool:
        return bool(name)

    with pytest.raises(
        WeightsError, match=r"base\.safetensors repeats tensors of another file: head\.weight"
    ):
        files("newer", **_rest(1.0)).followed_by(
            files("base", **{"head.weight": torch.zeros(1, 2)}), never_the_same
        )
