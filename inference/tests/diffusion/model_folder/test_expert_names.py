"""Files of two experts are told apart in the spellings in which they are published."""

from pathlib import Path

import pytest

from polyreel_inference.diffusion.model_folder.expert_names import expert_named


@pytest.mark.parametrize(
    ("name", "expert"),
    [
        ("wan2.2_i2v_A14b_high_noise_lora_rank64_lightx2v_4step_1022.safetensors", 0),
        ("wan2.2_t2v_A14b_low_noise_lora_rank64_lightx2v_4step_1217.safetensors", 1),
        ("low_noise_model.safetensors", 1),
        ("Wan2.2_I2V_A14B_4steps_lora_rank64_Seko_low-noise_V1.safetensors", 1),
        ("Wan_2_2_I2V_A14B_HIGH_lightx2v_4step_lora_v1030_rank_64_bf16.safetensors", 0),
        ("Wan2_2-T2V-A14B-LOW_fp8_e4m3fn_scaled_KJ.safetensors", 1),
        ("HighNoise.safetensors", 0),
        ("high_detail_lora.safetensors", None),
        ("slow_motion.safetensors", None),
        ("GLOW.safetensors", None),
        ("style_HIGH_LOW.safetensors", None),
    ],
)
def test_spellings(name: str, expert: int | None) -> None:
    assert expert_named(Path("low_noise") / name) == expert
