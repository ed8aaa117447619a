"""Folders of weights: what is recognised in them, what is said when something is missing, and loading."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from tests.checkpoints.comparison import assert_same_weights
from tests.checkpoints.files import write_json
from tests.checkpoints.kinds import KINDS
from tests.checkpoints.layouts import write_distilled
from tests.checkpoints.written import WrittenCheckpoints

BACKEND = open_backend("cpu")
LAYOUTS = ["original", "diffusers", "distilled"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_recognises_kind_layout_and_sizes(checkpoints: WrittenCheckpoints, kind: str, layout: str) -> None:
    folder = WanFolder.open(checkpoints.folder(kind, layout))
    reference = WanFolder.open(checkpoints.folder(kind, "diffusers"))

    assert folder.kind == kind.removesuffix("-a14b")
    assert folder.layout == ("diffusers" if layout == "diffusers" else "original")
    assert folder.experts == KINDS[kind].experts
    assert folder.transformer_config == reference.transformer_config
    assert (folder.parts.image_encoder is not None) == (KINDS[kind].images > 0)
    assert folder.sampling().boundary == KINDS[kind].boundary
    assert folder.sampling().distilled == (layout == "distilled")


@pytest.mark.parametrize("kind", ["i2v", "t2v-a14b"])
def test_all_layouts_load_the_same_model(checkpoints: WrittenCheckpoints, kind: str) -> None:
    first, *others = (WanFolder.open(checkpoints.folder(kind, layout)) for layout in LAYOUTS)

    for other in others:
        for index in range(first.experts):
            assert_same_weights(
                first.load_transformer(index, BACKEND), other.load_transformer(index, BACKEND)
            )
        assert_same_weights(first.load_vae(BACKEND), other.load_vae(BACKEND))
        assert_same_weights(first.load_text_encoder(BACKEND).model, other.load_text_encoder(BACKEND).model)
        ours, theirs = first.load_image_encoder(BACKEND), other.load_image_encoder(BACKEND)
        if ours is not None and theirs is not None:
            assert_same_weights(ours.model, theirs.model)
        else:
            assert ours is theirs


def test_experts_differ(checkpoints: WrittenCheckpoints) -> None:
    folder = WanFolder.open(checkpoints.folder("i2v-a14b", "original"))
    high, low = (folder.load_transformer(index, BACKEND).proj_out.weight for index in range(2))

    assert not torch.equal(high, low)


@pytest.mark.parametrize(
    ("name", "size", "shift"),
    [("Wan2.1-I2V-14B-480P", (832, 480), 3.0), ("Wan2.1-I2V-14B-720P", (1280, 720), 5.0)],
)
def test_the_name_tells_the_size_of_image_models(
    checkpoints: WrittenCheckpoints, tmp_path: Path, name: str, size: tuple[int, int], shift: float
) -> None:
    (tmp_path / name).symlink_to(checkpoints.folder("i2v", "original"))

    defaults = WanFolder.open(tmp_path / name).sampling()

    assert (defaults.size, defaults.shift) == (size, shift)
    assert (defaults.steps, defaults.guidance_scale) == (40, 5.0)


def test_says_everything_that_an_original_folder_lacks(copy: Callable[[str, str], Path]) -> None:
    folder = copy("i2v", "original")
    for path in [*folder.glob("models_*"), *folder.glob("Wan2.1_VAE*")]:
        path.unlink()
    shutil.rmtree(folder / "google")

    with pytest.raises(WeightsError) as caught:
        WanFolder.open(folder)
    for name in ("models_t5_umt5-xxl-enc-", "models_clip_open-clip", "Wan2.1_VAE.pth", "google/umt5-xxl"):
        assert name in str(caught.value)


def test_says_everything_that_a_diffusers_folder_lacks(copy: Callable[[str, str], Path]) -> None:
    folder = copy("i2v", "diffusers")
    for name in ("vae", "tokenizer", "image_encoder"):
        shutil.rmtree(folder / name)

    with pytest.raises(WeightsError) as caught:
        WanFolder.open(folder)
    for name in ("vae", "tokenizer", "image_encoder"):
        assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "lost", "message"),
    [
        ("t2v", "config.json", "lacks config.json, .* copy the one"),
        ("t2v", "diffusion_pytorch_model.safetensors", "lacks the weights of the transformer"),
        ("i2v", "diffusion_pytorch_model-00002-of-00003.safetensors", "model-00002-of-00003"),
        ("t2v-a14b", "low_noise_model", "lacks the folder low_noise_model of the other expert"),
        ("t2v-a14b", "high_noise_model/config.json", "lacks config.json"),
    ],
)
def test_names_what_the_transformer_lacks(
    copy: Callable[[str, str], Path], kind: str, lost: str, message: str
) -> None:
    folder = copy(kind, "original")
    path = folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(WeightsError, match=message):
        WanFolder.open(folder)


def test_several_checkpoints_need_a_choice(copy: Callable[[str, str], Path], tmp_path: Path) -> None:
    folder = copy("t2v", "original")
    other = write_distilled(tmp_path / "other", "t2v", seed=5) / "wan_t2v_bf16_lightx2v_4step.safetensors"
    shutil.copy(other, folder)

    with pytest.raises(
        WeightsError, match=r"several transformers: diffusion_pytorch_model\.saf.*, wan_t2v_bf16"
    ):
        WanFolder.open(folder)
    write_json(folder / "polyreel.json", {"checkpoint": other.name})
    assert WanFolder.open(folder).sampling().distilled
    write_json(folder / "polyreel.json", {"checkpoint": "diffusion_pytorch_model.safetensors"})
    assert not WanFolder.open(folder).sampling().distilled
    write_json(folder / "polyreel.json", {"checkpoint": "gone.safetensors"})
    with pytest.raises(WeightsError, match=r"gone\.safetensors, named as checkpoint .* does not exist"):
        WanFolder.open(folder)


def test_distilled_shards_may_lie_in_a_folder_of_their_own(
    copy: Callable[[str, str], Path], checkpoints: WrittenCheckpoints
) -> None:
    folder = copy("i2v", "original")
    inner = folder / "distill_models"
    inner.mkdir()
    for path in folder.glob("diffusion_pytorch_model*"):
        path.rename(inner / path.name)

    opened = WanFolder.open(folder)

    assert opened.sampling().distilled
    reference = WanFolder.open(checkpoints.folder("i2v", "original"))
    assert_same_weights(opened.load_transformer(0, BACKEND), reference.load_transformer(0, BACKEND))


@pytest.mark.parametrize("model_type", ["ti2v", "vace", None])
def test_other_models_are_refused(copy: Callable[[str, str], Path], model_type: str | None) -> None:
    folder = copy("t2v", "original")
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"model_type": model_type})

    with pytest.raises(WeightsError, match=rf"type {model_type!r} are not supported, only t2v, i2v, flf2v"):
        WanFolder.open(folder)


@pytest.mark.parametrize("change", [{"_class_name": "WanVACEPipeline"}, {"expand_timesteps": True}])
def test_other_pipelines_are_refused(copy: Callable[[str, str], Path], change: dict[str, Any]) -> None:
    folder = copy("t2v", "diffusers")
    index = json.loads((folder / "model_index.json").read_text())
    write_json(folder / "model_index.json", index | change)

    with pytest.raises(WeightsError, match="which is not supported"):
        WanFolder.open(folder)


@pytest.mark.parametrize("part", ["transformer", "vae"])
def test_unknown_settings_of_a_part_are_refused(copy: Callable[[str, str], Path], part: str) -> None:
    folder = copy("t2v", "diffusers")
    config = json.loads((folder / part / "config.json").read_text())
    write_json(folder / part / "config.json", config | {"new_layer": True, "new_nothing": None})

    with pytest.raises(WeightsError, match=r"does not know: new_layer\.$"):
        WanFolder.open(folder).load_vae(BACKEND)


@pytest.mark.parametrize("quantization", [None, "fp8", "int8"])
def test_tells_how_weights_are_stored(tmp_path: Path, quantization: str | None) -> None:
    folder = write_distilled(tmp_path / "model", "t2v", quantization=quantization)

    assert WanFolder.open(folder).stored_quantization() == quantization


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is not a folder"):
        WanFolder.open(tmp_path / "absent")


def test_loads_in_other_types_and_one_byte_a_number(checkpoints: WrittenCheckpoints) -> None:
    folder = WanFolder.open(checkpoints.folder("t2v", "original"))
    model = folder.load_transformer(0, BACKEND, torch.bfloat16, quantization="int8")

    assert isinstance(model.get_submodule("blocks.0.attn1.to_q"), QuantizedLinear)
    assert model.get_parameter("condition_embedder.text_embedder.linear_1.weight").dtype == torch.bfloat16
    assert model.get_parameter("blocks.0.scale_shift_table").dtype == torch.float32
    assert model.get_parameter("condition_embedder.time_proj.weight").dtype == torch.float32


def test_shared_files_are_equal_through_links(checkpoints: WrittenCheckpoints, tmp_path: Path) -> None:
    source = checkpoints.folder("t2v", "original")
    linked = tmp_path / "linked"
    linked.mkdir()
    for path in source.iterdir():
        (linked / path.name).symlink_to(path)
    first, second = WanFolder.open(source), WanFolder.open(linked)
    third = WanFolder.open(checkpoints.folder("t2v", "diffusers"))

    assert first.parts.text_encoder == second.parts.text_encoder
    assert first.parts.vae == second.parts.vae
    assert first.parts.vae != third.parts.vae
