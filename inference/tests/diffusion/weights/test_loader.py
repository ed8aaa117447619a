"""Modules are filled completely, exactly and without a second copy of the model in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import UMT5Config, UMT5EncoderModel

from polyreel_inference.diffusion.weights.encoder_names import umt5_names
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.name_maps import same_names
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.diffusion.weights.wan_names import wan_transformer_names
from tests.checkpoints.comparison import assert_same_weights
from tests.checkpoints.files import write_shards
from tests.checkpoints.kinds import KINDS, TEXT_ENCODER_CONFIG, transformer_config
from tests.checkpoints.written import WrittenCheckpoints
from tests.diffusion.weights.live_memory import LiveMemory

STEM = "diffusion_pytorch_model"


class Stack(nn.Module):
    """Linear layers of one size, a table that is stored and one that is computed."""

    def __init__(self, layers: int = 3, width: int = 4) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.register_buffer("steps", torch.zeros(width, dtype=torch.int64))
        self.register_buffer("positions", torch.arange(width).float() / 3, persistent=False)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., TensorFiles]:
    """Write the tensors of a stack, some of them replaced or (None) left out, and open them."""

    def write(**changes: Tensor | None) -> TensorFiles:
        torch.manual_seed(0)
        tensors: dict[str, Tensor | None] = dict(Stack().state_dict())
        tensors |= {name.replace("__", "."): value for name, value in changes.items()}
        kept = {name: value for name, value in tensors.items() if value is not None}
        save_file(kept, tmp_path / "stack.safetensors")
        return TensorFiles([tmp_path / "stack.safetensors"])

    return write


def load(files: TensorFiles, dtype: torch.dtype = torch.float32, **options: Any) -> Stack:
    return load_module(Stack, files, same_names, dtype=dtype, device="cpu", **options)


@pytest.mark.parametrize("kind", ["t2v", "i2v", "flf2v"])
def test_original_and_diffusers_layouts_give_the_same_transformer(
    checkpoints: WrittenCheckpoints, kind: str
) -> None:
    folder = checkpoints.folder(kind, "diffusers") / "transformer"
    reference = WanTransformer3DModel.from_pretrained(folder)
    places = [checkpoints.folder(kind, "original"), folder]

    for place in places:
        loaded = load_module(
            lambda: WanTransformer3DModel(**transformer_config(KINDS[kind])),
            TensorFiles.in_folder(place, STEM),
            wan_transformer_names,
            dtype=torch.float32,
            device="cpu",
        )
        assert_same_weights(loaded, reference)
        assert torch.equal(loaded.rope.freqs_cos, reference.rope.freqs_cos)
        assert not any(value.requires_grad for value in loaded.parameters())
        assert not loaded.training


def test_tied_parameters_stay_tied(checkpoints: WrittenCheckpoints, tmp_path: Path) -> None:
    files = TensorFiles.in_folder(checkpoints.folder("t2v", "diffusers") / "text_encoder", "model")
    tensors = {name: files.read(name) for name in files.names()}
    both = tensors | {"encoder.embed_tokens.weight": tensors["shared.weight"].clone()}

    for number, content in enumerate((tensors, both)):
        path = tmp_path / f"{number}.safetensors"
        save_file(content, path)
        loaded = load_module(
            lambda: UMT5EncoderModel(UMT5Config(**TEXT_ENCODER_CONFIG)),
            TensorFiles([path]),
            umt5_names,
            dtype=torch.float32,
            device="cpu",
        )
        assert loaded.shared.weight is loaded.encoder.embed_tokens.weight
        assert torch.equal(loaded.shared.weight, tensors["shared.weight"].float())


def test_types_and_tables(stored: Callable[..., TensorFiles]) -> None:
    loaded = load(stored(steps=torch.tensor([4, 3, 2, 1])), torch.bfloat16, keep_float32=("layers.1", "bias"))

    types = {name: value.dtype for name, value in loaded.state_dict().items()}
    assert types["layers.0.weight"] == types["layers.2.weight"] == torch.bfloat16
    assert types["layers.1.weight"] == types["layers.0.bias"] == torch.float32
    assert loaded.get_buffer("steps").tolist() == [4, 3, 2, 1]
    assert torch.equal(loaded.get_buffer("positions"), Stack().get_buffer("positions"))


def test_one_message_names_all_that_does_not_fit(stored: Callable[..., TensorFiles]) -> None:
    files = stored(
        layers__0__bias=None,
        layers__2__bias=None,
        layers__1__weight=torch.zeros(4, 5),
        layers__7__weight=torch.zeros(4, 4),
        layers__2__weight=torch.zeros(4, 4, dtype=torch.int8),
    )

    with pytest.raises(WeightsError) as caught:
        load(files)
    assert str(caught.value) == (
        f"{files.paths[0]} does not fit the model. It lacks tensors: layers.0.bias, layers.2.bias;"
        " it holds tensors that the model does not have: layers.7.weight;"
        " it holds tensors of other shapes: layers.1.weight [4, 5] instead of [4, 4];"
        " it holds integers without the scale that belongs to them: layers.2.weight."
    )


def test_scales_of_blocks_are_refused_before_anything_is_read(stored: Callable[..., TensorFiles]) -> None:
    weight = torch.zeros(4, 4).to(torch.float8_e4m3fn)
    files = stored(layers__1__weight=weight, layers__1__weight_scale=torch.ones(4, 2))

    with pytest.raises(WeightsError, match=r"neither one for each row nor one for all: layers\.1\.weight\.$"):
        load(files)


def test_long_lists_are_cut(stored: Callable[..., TensorFiles]) -> None:
    foreign = {f"extra_{number:02d}": torch.zeros(1) for number in range(14)}

    with pytest.raises(WeightsError, match=r"extra_00, .*extra_09 and 4 more\.$"):
        load(stored(**foreign))


def test_two_tensors_for_one_place_are_refused(tmp_path: Path, checkpoints: WrittenCheckpoints) -> None:
    files = TensorFiles.in_folder(checkpoints.folder("t2v", "original"), STEM)
    tensors = {name: files.read(name) for name in files.names()}
    save_file(tensors | {"proj_out.bias": tensors["head.head.bias"].clone()}, tmp_path / "x.safetensors")

    with pytest.raises(WeightsError, match=r"two tensors for one place: head\.head\.bias and proj_out\.bias"):
        load_module(
            lambda: WanTransformer3DModel(**transformer_config(KINDS["t2v"])),
            TensorFiles([tmp_path / "x.safetensors"]),
            wan_transformer_names,
            dtype=torch.float32,
            device="cpu",
        )


def test_left_over_tensors_can_be_allowed(stored: Callable[..., TensorFiles]) -> None:
    files = stored(audio__weight=torch.zeros(2), other__weight=torch.zeros(2))

    with pytest.raises(WeightsError, match=r"does not have: other\.weight\.$"):
        load(files, allow_unused=lambda name: name.startswith("audio."))


def test_values_that_nobody_knows_are_refused(stored: Callable[..., TensorFiles]) -> None:
    class Secret(Stack):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("noise", torch.randn(2), persistent=False)

    with pytest.raises(ValueError, match=r"\.noise is neither stored nor computed"):
        load_module(Secret, stored(), same_names, dtype=torch.float32, device="cpu")


@pytest.mark.parametrize("quantization", [None, "int8"])
def test_loading_never_holds_the_model_twice(tmp_path: Path, quantization: str | None) -> None:
    width, layers = 96, 48
    original = Stack(layers, width)
    write_shards(tmp_path, "stack", original.state_dict(), shards=4)
    files = TensorFiles.in_folder(tmp_path, "stack")

    with LiveMemory() as memory:
        loaded = load_module(
            lambda: BlockStack(layers, width),
            files,
            lambda name: same_names(name.replace("layers", "blocks")),
            dtype=torch.bfloat16,
            device="cpu",
            quantization=quantization,
        )
    size = sum(value.nbytes for value in loaded.state_dict().values())

    assert size <= memory.peak <= 1.3 * size


class BlockStack(Stack):
    """The stack with its layers where those of a transformer are."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__(layers, width)
        self.blocks = self.layers
        del self.layers
