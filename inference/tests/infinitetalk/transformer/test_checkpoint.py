"""Published files of InfiniteTalk load strictly, in every form, and what does not fit is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.checkpoint import InfiniteTalkCheckpoint
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.checkpoints.infinitetalk_sizes import AUDIO_HIDDEN
from tests.checkpoints.infinitetalk_tensors import base_transformer
from tests.checkpoints.layouts import write_original
from tests.infinitetalk.transformer.conftest import LoadTransformer
from tests.infinitetalk.transformer.tiny_transformer import random_numbers

Tensors = dict[str, Tensor]
Change = Callable[[Tensors], Any]


def _load(base: Path, *weights: Path, **options: Any) -> InfiniteTalkTransformer:
    checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(base), weights)
    return checkpoint.load_transformer(CpuBackend(), **options)


def _changed(source: Path, folder: Path, change: Change) -> Path:
    tensors = load_file(source)
    change(tensors)
    path = folder / "changed.safetensors"
    save_file(tensors, path)
    return path


def test_audio_parts_of_both_checkpoints_lie_under_their_published_names(
    files: InfiniteTalkFiles, transformer: LoadTransformer
) -> None:
    for name in ("single", "multi"):
        loaded = transformer(name).state_dict()
        stored = load_file(getattr(files, name))
        audio = {key for key in loaded if "audio" in key or "norm_x" in key}
        assert audio == set(stored)
        assert all(torch.equal(loaded[key], value.float()) for key, value in stored.items())


def test_published_checkpoints_have_330_audio_tensors_of_2_5_billion_numbers() -> None:
    with torch.device("meta"):
        model = InfiniteTalkTransformer(
            num_attention_heads=40,
            attention_head_dim=128,
            in_channels=36,
            ffn_dim=13824,
            num_layers=40,
            image_dim=1280,
            added_kv_proj_dim=5120,
        )
    audio = [value for key, value in model.state_dict().items() if "audio" in key or "norm_x" in key]

    assert len(audio) == 330
    assert sum(value.numel() for value in audio) == pytest.approx(2.487e9, rel=1e-3)
    assert sum(value.numel() for value in model.parameters()) == pytest.approx(18.88e9, rel=1e-3)


def test_norms_stay_in_float32_and_all_else_takes_the_type_asked_for(files: InfiniteTalkFiles) -> None:
    model = _load(files.base, files.single, dtype=torch.bfloat16)
    block = model.blocks[0]

    assert block.norm_x.weight.dtype == model.audio_proj.norm.weight.dtype == torch.float32
    assert block.audio_cross_attn.q_linear.weight.dtype == torch.bfloat16
    assert model.audio_proj.proj1.weight.dtype == torch.bfloat16


def test_sizes_are_the_published_ones_unless_the_configuration_states_others(
    files: InfiniteTalkFiles, tmp_path: Path
) -> None:
    assert InfiniteTalkCheckpoint.open(WanFolder.open(files.base), []).audio_sizes() == AudioSizes(
        hidden=AUDIO_HIDDEN
    )
    silent = WanFolder.open(write_original(tmp_path / "base", "i2v"))
    assert InfiniteTalkCheckpoint.open(silent, []).audio_sizes() == AudioSizes()


def test_what_the_newer_file_holds_of_the_base_counts(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    changed = _changed(
        files.single, tmp_path, lambda tensors: tensors.update({"blocks.1.self_attn.q.bias": torch.ones(192)})
    )
    model = _load(files.base, changed)

    assert torch.equal(model.blocks[1].attn1.to_q.bias, torch.ones(192))
    assert not torch.equal(model.blocks[0].attn1.to_q.bias, torch.ones(192))


def test_the_first_file_that_holds_a_tensor_counts(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    """A distilled transformer with or without audio parts, before the file of these."""
    distilled = base_transformer() | {"blocks.1.self_attn.q.bias": torch.ones(192)}
    save_file(distilled, tmp_path / "silent.safetensors")
    silent = _load(files.base, tmp_path / "silent.safetensors", files.single)
    audio = load_file(files.single)
    save_file(distilled | load_file(files.multi), tmp_path / "whole.safetensors")
    whole = _load(files.base, tmp_path / "whole.safetensors", files.single)

    for model in (silent, whole):
        assert torch.equal(model.blocks[1].attn1.to_q.bias, torch.ones(192))
    assert torch.equal(silent.audio_proj.proj2.weight, audio["audio_proj.proj2.weight"].float())
    assert not torch.equal(whole.audio_proj.proj2.weight, audio["audio_proj.proj2.weight"].float())


@pytest.mark.parametrize(("quantization", "dtype"), [("int8", torch.int8), ("fp8", torch.float8_e4m3fn)])
def test_a_quantised_file_of_the_whole_transformer_replaces_the_base(
    files: InfiniteTalkFiles, tmp_path: Path, quantization: str, dtype: torch.dtype
) -> None:
    exact = base_transformer() | load_file(files.multi)
    path = tmp_path / f"infinitetalk_multi_{quantization}.safetensors"
    save_file(_like_quanto(exact, dtype), path)
    checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(files.base), [path])
    model = checkpoint.load_transformer(CpuBackend(), quantization=quantization)

    assert checkpoint.stored_quantization() == quantization
    for name, layer in (
        ("blocks.1.audio_cross_attn.kv_linear", model.blocks[1].audio_cross_attn.kv_linear),
        ("blocks.0.self_attn.q", model.blocks[0].attn1.to_q),
    ):
        assert isinstance(layer, QuantizedLinear)
        assert layer.data.dtype == dtype
        weight = exact[f"{name}.weight"].float()
        torch.testing.assert_close(
            layer.dequantize(), weight, rtol=0.07, atol=weight.abs().max().item() / 100
        )
    # Outside the blocks quantisation is undone.
    assert isinstance(model.audio_proj.proj2, nn.Linear)
    torch.testing.assert_close(
        model.audio_proj.proj2.weight, exact["audio_proj.proj2.weight"].float(), rtol=0.07, atol=2e-3
    )


def _like_quanto(tensors: Tensors, dtype: torch.dtype) -> Tensors:
    """Store every matrix in one byte a number, as optimum-quanto does."""
    largest = 127.0 if dtype == torch.int8 else 448.0
    stored: Tensors = {}
    for name, value in tensors.items():
        if value.ndim != 2 or not name.endswith(".weight"):
            stored[name] = value
            continue
        scale = (value.float().abs().amax(dim=1, keepdim=True) / largest).bfloat16()
        steps = (value.float() / scale.float()).clamp(-largest, largest)
        stored[f"{name}._data"] = (steps.round() if dtype == torch.int8 else steps).to(dtype)
        stored[f"{name}._scale"] = scale
        layer = name.removesuffix(".weight")
        stored |= {f"{layer}.{side}_scale": torch.ones(()) for side in ("input", "output")}
    return stored


def test_loras_change_base_and_audio_parts(
    files: InfiniteTalkFiles, tmp_path: Path, transformer: LoadTransformer
) -> None:
    down, up = random_numbers(2, 192, seed=1), random_numbers(192, 2, seed=2)
    shift = random_numbers(192, seed=3)
    save_file(
        {
            "diffusion_model.blocks.0.audio_cross_attn.proj.lora_down.weight": down,
            "diffusion_model.blocks.0.audio_cross_attn.proj.lora_up.weight": up,
            "diffusion_model.blocks.1.self_attn.v.diff_b": shift,
        },
        tmp_path / "lora.safetensors",
    )
    plain = transformer("single")
    model = _load(files.base, files.single, adapters=[LoraFile(tmp_path / "lora.safetensors", 1.2)])

    changed = model.blocks[0].audio_cross_attn.proj.weight - plain.blocks[0].audio_cross_attn.proj.weight
    torch.testing.assert_close(changed, 1.2 * up @ down)
    bias = model.blocks[1].attn1.to_v.bias - plain.blocks[1].attn1.to_v.bias
    torch.testing.assert_close(bias, 1.2 * shift)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda tensors: tensors.pop("blocks.1.norm_x.bias"),
            r"changed\.safetensors and 7 more does not fit .* It lacks tensors: blocks\.1\.norm_x\.bias\.",
        ),
        (
            lambda tensors: tensors.update({"blocks.2.norm_x.bias": torch.ones(192)}),
            r"holds tensors that the model does not have: blocks\.2\.norm_x\.bias",
        ),
        (
            lambda tensors: tensors.update({"audio_proj.proj2.bias": torch.ones(3)}),
            r"holds tensors of other shapes: audio_proj\.proj2\.bias \[3\] instead of \[32\]",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    files: InfiniteTalkFiles, tmp_path: Path, change: Change, told: str
) -> None:
    with pytest.raises(WeightsError, match=told):
        _load(files.base, _changed(files.single, tmp_path, change))


def test_a_base_without_the_audio_parts_is_refused(files: InfiniteTalkFiles) -> None:
    with pytest.raises(WeightsError, match=r"lacks tensors: audio_proj\.norm\.bias, .* and 16 more"):
        _load(files.base)


def test_a_base_of_another_kind_is_refused(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    for kind in ("t2v", "flf2v", "i2v-a14b"):
        folder = WanFolder.open(write_original(tmp_path / kind, kind))
        with pytest.raises(WeightsError, match=r"is no image-to-video model of Wan 2\.1"):
            InfiniteTalkCheckpoint.open(folder, [files.single])


def test_a_missing_file_is_refused_before_anything_is_loaded(files: InfiniteTalkFiles) -> None:
    folder = WanFolder.open(files.base)
    absent = files.base / "infinitetalk.safetensors"
    with pytest.raises(WeightsError, match=r"are missing: .*infinitetalk\.safetensors"):
        InfiniteTalkCheckpoint.open(folder, [absent])
