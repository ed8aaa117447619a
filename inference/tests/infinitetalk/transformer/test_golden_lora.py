"""A LoRA in the names of the distilled ones changes the transformer as it changes the original."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.infinitetalk.transformer.checkpoint import InfiniteTalkCheckpoint
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import TIMESTEP, lora, transformer_inputs
from tests.infinitetalk.transformer.tiny_transformer import single_runtime


@torch.inference_mode()
@pytest.mark.parametrize("strength", [1.2, 0.5])
def test_a_lora_acts_as_in_the_original(strength: float, files: InfiniteTalkFiles, tmp_path: Path) -> None:
    save_file(lora(), tmp_path / "distilled.safetensors")
    adapter = LoraFile(tmp_path / "distilled.safetensors", strength)
    checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(files.base), [files.single])
    transformer = checkpoint.load_transformer(CpuBackend(), adapters=[adapter])
    given, runtime = transformer_inputs("square", 1), single_runtime()
    text = torch.zeros(1, 512, 4096)
    text[0, : len(given.text)] = given.text
    context = transformer.embed(text, given.image[None], runtime=runtime)
    speech = transformer.speech(given.speech, runtime=runtime)
    latents = torch.cat([given.latents, given.condition])[None]
    velocity = transformer.velocity(latents, torch.tensor([TIMESTEP]), context, speech, runtime=runtime)

    assert_close(velocity[0], golden("lora")[f"square_one_{round(100 * strength)}"])
