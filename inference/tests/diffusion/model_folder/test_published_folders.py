"""Folders as people have them: hub caches, distilled and quantised files in all places they are published."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from tests.checkpoints.comparison import assert_same_weights
from tests.checkpoints.files import write_json
from tests.checkpoints.layouts import write_distilled
from tests.checkpoints.written import WrittenCheckpoints

BACKEND = open_backend("cpu")
CLIP = "models_clip_open-clip-xlm-roberta-large-vit-huge-14"
T5 = "models_t5_umt5-xxl-enc"


def test_the_projection_that_first_and_last_frame_models_were_saved_with_is_not_needed(
    checkpoints: WrittenCheckpoints,
) -> None:
    ours, original = (
        WanFolder.open(checkpoints.folder("flf2v", layout)).load_image_encoder(BACKEND)
        for layout in ("diffusers", "original")
    )

    assert ours is not None
    assert original is not None
    assert_same_weights(ours.model, original.model)


@pytest.mark.parametrize(
    ("repository", "revision", "size", "distilled"),
    [
        ("models--Wan-AI--Wan2.1-I2V-14B-720P", "8823af45", (1280, 720), False),
        ("models--Wan-AI--Wan2.1-I2V-14B-480P", "6b720a71", (832, 480), False),
        ("models--lightx2v--Wan2.1-I2V-14B-480P-StepDistill", "1e720b", (832, 480), True),
    ],
)
def test_a_hub_cache_tells_by_the_repository_not_the_revision(
    checkpoints: WrittenCheckpoints,
    tmp_path: Path,
    repository: str,
    revision: str,
    size: tuple[int, int],
    distilled: bool,
) -> None:
    snapshots = tmp_path / repository / "snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / revision).symlink_to(checkpoints.folder("i2v", "original"))

    defaults = WanFolder.open(snapshots / revision).sampling()

    assert (defaults.size, defaults.distilled) == (size, distilled)


@pytest.mark.parametrize("scheme", ["fp8", "int8"])
def test_quantised_encoders_are_taken_where_there_are_no_others(
    copy: Callable[[str, str], Path], scheme: str
) -> None:
    folder = copy("i2v", "original")
    for stem, named in ((CLIP, f"{CLIP}-{scheme}"), (f"{T5}-bf16", f"{T5}-{scheme}")):
        for end in (".pth", ".json"):
            (folder / (stem + end)).rename(folder / (named + end))

    parts = WanFolder.open(folder).parts

    assert parts.image_encoder is not None
    assert parts.image_encoder.weights == (folder / f"{CLIP}-{scheme}.pth",)
    assert parts.text_encoder.weights == (folder / f"{T5}-{scheme}.pth",)


def test_more_precise_encoders_go_before_quantised_ones(copy: Callable[[str, str], Path]) -> None:
    folder = copy("i2v", "original")
    for name in (f"{CLIP}-fp8.pth", f"{CLIP}-int8.safetensors", f"{T5}-fp8.safetensors", f"{T5}-int8.pth"):
        (folder / name).touch()

    parts = WanFolder.open(folder).parts

    assert parts.image_encoder is not None
    assert parts.image_encoder.weights == (folder / f"{CLIP}.pth",)
    assert parts.text_encoder.weights == (folder / f"{T5}-bf16.pth",)


@pytest.mark.parametrize(
    "name", ["lightvaew2_1", "lighttaew2_1", "wan2.1_t2v_14b_lora_rank64_lightx2v_4step"]
)
def test_other_weights_beside_the_transformer_are_not_taken_for_it(
    copy: Callable[[str, str], Path], name: str
) -> None:
    folder = copy("t2v", "original")
    (folder / f"{name}.safetensors").touch()

    assert not WanFolder.open(folder).sampling().distilled


def test_blocks_may_be_files_of_their_own(copy: Callable[[str, str], Path], tmp_path: Path) -> None:
    folder = copy("t2v", "distilled")
    (whole,) = folder.glob("*.safetensors")
    reference = WanFolder.open(folder).load_transformer(0, BACKEND)
    split_by_block(whole, folder / f"{whole.stem}_split")
    whole.unlink()

    opened = WanFolder.open(folder)

    assert opened.sampling().distilled
    assert_same_weights(opened.load_transformer(0, BACKEND), reference)


def test_experts_may_lie_inside_the_folder_of_distilled_models(
    copy: Callable[[str, str], Path], checkpoints: WrittenCheckpoints
) -> None:
    folder = copy("t2v-a14b", "original")
    inner = folder / "distill_models"
    inner.mkdir()
    for name in ("high_noise_model", "low_noise_model"):
        (folder / name).rename(inner / name)

    opened = WanFolder.open(folder)

    assert (opened.experts, opened.sampling().distilled) == (2, True)
    reference = WanFolder.open(checkpoints.folder("t2v-a14b", "original"))
    for index in range(2):
        assert_same_weights(
            opened.load_transformer(index, BACKEND), reference.load_transformer(index, BACKEND)
        )


def test_single_files_may_lie_in_the_folders_of_the_experts(tmp_path: Path) -> None:
    folder = write_distilled(tmp_path / "model", "i2v-a14b")
    reference = WanFolder.open(folder).load_transformer(1, BACKEND)
    for word in ("high_noise", "low_noise"):
        (folder / f"{word}_model").mkdir()
        (file,) = folder.glob(f"*{word}*.safetensors")
        file.rename(folder / f"{word}_model" / file.name)

    opened = WanFolder.open(folder)

    assert (opened.experts, opened.kind, opened.sampling().distilled) == (2, "i2v", True)
    assert_same_weights(opened.load_transformer(1, BACKEND), reference)


def test_several_files_of_an_expert_need_a_choice_of_both(tmp_path: Path) -> None:
    folder = write_distilled(tmp_path / "model", "t2v-a14b")
    write_distilled(folder, "t2v-a14b", quantization="fp8")

    with pytest.raises(WeightsError, match=r'each expert as checkpoint, \["HIGH", "LOW"\]'):
        WanFolder.open(folder)


def test_an_empty_configuration_is_told_like_a_missing_one(copy: Callable[[str, str], Path]) -> None:
    folder = copy("t2v", "distilled")
    (folder / "config.json").write_bytes(b"")

    with pytest.raises(WeightsError, match=r"config\.json is empty.* copy the one"):
        WanFolder.open(folder)


def split_by_block(file: Path, folder: Path) -> None:
    """Write one file for each block and one for the rest, with an index, as LightX2V's converter does."""
    folder.mkdir()
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in load_file(file).items():
        first, number, *_ = name.split(".")
        part = f"block_{number}" if first == "blocks" else "non_block"
        parts.setdefault(f"{part}.safetensors", {})[name] = value
    for part, tensors in parts.items():
        save_file(tensors, folder / part)
    weight_map = {name: part for part, tensors in parts.items() for name in tensors}
    write_json(
        folder / "diffusion_pytorch_model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map}
    )
