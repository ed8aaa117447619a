"""The count of operations against torch's own counter, and against figures known of the 14B model."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import WanTransformer3DModel
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from polyreel_inference.diffusion.flops import TransformerShape, forward_flops, video_tokens

WAN_14B = TransformerShape(
    layers=40, dim=5120, ffn_dim=13824, in_channels=36, out_channels=16, image_dim=1280, image_tokens=257
)


def _tiny(image_dim: int | None) -> Any:
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=24,
        in_channels=36 if image_dim else 16,
        out_channels=16,
        text_dim=32,
        freq_dim=16,
        ffn_dim=64,
        num_layers=2,
        image_dim=image_dim,
        added_kv_proj_dim=48 if image_dim else None,
    )


@pytest.mark.parametrize("image_dim", [None, 40])
def test_equals_what_torch_counts(image_dim: int | None) -> None:
    transformer = _tiny(image_dim).eval()
    latents = torch.randn(1, transformer.config.in_channels, 3, 4, 6)
    image = torch.randn(1, 257, image_dim) if image_dim else None
    counter = FlopCounterMode(display=False)
    # The counter knows the products of plain attention, not the CPU's fused kernel.
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
        transformer(latents, torch.tensor([500.0]), torch.randn(1, 512, 32), image)
    shape = TransformerShape.from_config(transformer.config)
    assert counter.get_total_flops() == forward_flops(shape, width=48, height=32, frames=9).total


def test_tokens_of_five_seconds() -> None:
    assert video_tokens(WAN_14B, width=832, height=480, frames=81) == 21 * 30 * 52
    assert video_tokens(WAN_14B, width=1280, height=720, frames=81) == 75_600


@pytest.mark.parametrize(
    ("width", "height", "petaflop"), [(640, 640, 1.89), (832, 448, 1.65), (960, 960, 6.86)]
)
def test_forward_with_audio_attention_costs_what_is_known(width: int, height: int, petaflop: float) -> None:
    """Figures computed independently for InfiniteTalk on the 14B model and checked against A100 timings."""
    flops = forward_flops(replace(WAN_14B, frame_tokens=32), width, height, 81)
    assert flops.total / 1e15 == pytest.approx(petaflop, rel=0.005)


def test_attention_outweighs_matrix_products_at_720p() -> None:
    assert forward_flops(WAN_14B, 832, 480, 81).attention_share == pytest.approx(0.527, abs=0.01)
    assert forward_flops(WAN_14B, 1280, 720, 81).attention_share > 0.7
