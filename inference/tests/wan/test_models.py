"""What the operator's options make of the models, before anything is loaded."""

from argparse import ArgumentParser
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from polyreel_inference.engines.wan.models import WanModel, open_models
from polyreel_inference.engines.wan.options import WanOptions, add_options
from polyreel_inference.host.engine import UnusableOptions
from tests.checkpoints.layouts import write_distilled


def opened(*words: str) -> list[WanModel]:
    parser = ArgumentParser()
    add_options(parser)
    return open_models(WanOptions.of(parser.parse_args(words)))


def test_a_step_cache_that_no_model_has_is_refused(checkpoints: Path) -> None:
    with pytest.raises(UnusableOptions, match="--teacache: none of the models has a step cache"):
        opened("--model", str(checkpoints / "t2v-4step"), "--teacache", "0.2")


def test_the_step_cache_is_for_the_models_that_have_one(checkpoints: Path) -> None:
    names = ("t2v", "t2v-4step", "i2v-a14b")
    models = opened(
        *(word for name in names for word in ("--model", str(checkpoints / name))), "--teacache", "0.3"
    )

    assert [model.offer.step_cache_threshold for model in models] == [0.3, None, None]
    assert [model.offer.step_cache for model in models] == [True, False, False]


def test_a_lora_for_other_layers_is_told_at_the_start(checkpoints: Path, tmp_path: Path) -> None:
    lora = tmp_path / "portrait.safetensors"
    save_file({"diffusion_model.blocks.0.cross_attn.k_img.diff_b": torch.zeros(4)}, lora)

    with pytest.raises(UnusableOptions, match=r"--model t2v: The LoRA .*portrait.* does not have: blocks\.0"):
        opened("--model", str(checkpoints / "t2v"), "--lora", str(lora))


def test_foreign_tensors_are_told_at_the_start(tmp_path: Path) -> None:
    folder = write_distilled(tmp_path / "model", "t2v-a14b")
    (file,) = folder.glob("*low_noise*")
    save_file(load_file(file) | {"blocks.0.adapter.weight": torch.zeros(1)}, file)

    with pytest.raises(UnusableOptions, match=r"low_noise.* model does not have: blocks\.0\.adapter"):
        opened("--model", str(folder))


def test_processes_for_a_guidance_that_no_model_has_are_refused(checkpoints: Path) -> None:
    fast, full = ("--model", str(checkpoints / "t2v-4step")), ("--model", str(checkpoints / "t2v"))

    with pytest.raises(UnusableOptions, match=r"--cfg-size 2: .* not guided.* --ulysses-size"):
        opened(*fast, "--cfg-size", "2")
    assert len(opened(*fast, *full, "--cfg-size", "2")) == 2


@pytest.mark.parametrize(
    ("stored", "words", "kept"),
    [
        ("fp8", (), "fp8"),
        ("int8", (), "int8"),
        (None, (), None),
        (None, ("--quantize", "int8"), "int8"),
        ("fp8", ("--quantize", "fp8"), "fp8"),
        ("fp8", ("--quantize", "none"), None),
    ],
)
def test_weights_keep_the_bytes_they_are_stored_in_unless_told_otherwise(
    tmp_path: Path, stored: str | None, words: tuple[str, ...], kept: str | None
) -> None:
    folder = write_distilled(tmp_path / "model", "t2v-a14b", quantization=stored)
    (model,) = opened("--model", str(folder), *words)

    assert [model.quantization(expert) for expert in range(2)] == [kept, kept]


def test_weights_are_not_rounded_twice(tmp_path: Path) -> None:
    folder = write_distilled(tmp_path / "model", "t2v", quantization="fp8")

    with pytest.raises(UnusableOptions, match=r"--quantize int8: .*model holds fp8 weights"):
        opened("--model", str(folder), "--quantize", "int8")
