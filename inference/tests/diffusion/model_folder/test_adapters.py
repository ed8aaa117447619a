"""LoRA files beside a folder of weights: which expert takes them, and what they make of its defaults."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from tests.checkpoints.written import WrittenCheckpoints

BACKEND = open_backend("cpu")


@pytest.mark.parametrize(
    "name",
    [
        "wan2.1_t2v_14b_lora_rank64_lightx2v_4step.safetensors",
        "Wan21_T2V_14B_lightx2v_cfg_step_distill_lora_rank64.safetensors",
        "Wan2.2-T2V-A14B-4steps-lora-rank64-Seko-V1.1/model.safetensors",
    ],
)
def test_a_distilling_lora_changes_the_defaults(checkpoints: WrittenCheckpoints, name: str) -> None:
    folder = WanFolder.open(checkpoints.folder("t2v", "original"))

    defaults = folder.sampling([LoraFile(Path(name))])

    assert (defaults.distilled, defaults.steps, defaults.guidance_scale) == (True, 4, 1.0)
    assert defaults.shift == 5.0


@pytest.mark.parametrize(
    "name", ["style.safetensors", "lightning_storm.safetensors", "i2v_720p_anime.safetensors"]
)
def test_other_loras_leave_the_defaults(checkpoints: WrittenCheckpoints, name: str) -> None:
    folder = WanFolder.open(checkpoints.folder("i2v", "original"))

    assert folder.sampling([LoraFile(Path(name))]) == folder.sampling()


def test_distilling_one_expert_of_two_is_refused(checkpoints: WrittenCheckpoints) -> None:
    folder = WanFolder.open(checkpoints.folder("i2v-a14b", "original"))
    high, low = (
        LoraFile(Path(f"wan2.2_i2v_A14b_{word}_noise_lora_rank64_lightx2v_4step.safetensors"))
        for word in ("high", "low")
    )

    assert folder.sampling([high, low]).distilled
    with pytest.raises(WeightsError, match="none for the expert for low noise"):
        folder.sampling([high])
    with pytest.raises(WeightsError, match="none for the expert for high noise"):
        folder.sampling([low, LoraFile(Path("style.safetensors"))])


def test_lora_files_go_to_the_expert_they_are_named_after(
    checkpoints: WrittenCheckpoints, tmp_path: Path
) -> None:
    folder = WanFolder.open(checkpoints.folder("t2v-a14b", "diffusers"))
    adapters = []
    for name, part in (("high_noise_lora", "q"), ("low_noise_lora", "k"), ("style_lora", "v")):
        path = tmp_path / f"{name}.safetensors"
        save_file({f"diffusion_model.blocks.0.self_attn.{part}.diff_b": torch.ones(192)}, path)
        adapters.append(LoraFile(path))

    for index, changed in enumerate(({"to_q", "to_v"}, {"to_k", "to_v"})):
        plain = folder.load_transformer(index, BACKEND).state_dict()
        adapted = folder.load_transformer(index, BACKEND, adapters=adapters).state_dict()
        different = {name for name in plain if not torch.equal(plain[name], adapted[name])}
        assert different == {f"blocks.0.attn1.{part}.bias" for part in changed}
