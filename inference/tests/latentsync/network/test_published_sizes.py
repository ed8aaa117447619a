"""The network at its published size, without storage."""

from collections.abc import Mapping

import pytest
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.weights.empty_module import build_empty
from polyreel_inference.engines.latentsync.network.unet import UNet
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes


@pytest.fixture(scope="module")
def tensors() -> Mapping[str, Tensor]:
    return build_empty(lambda: UNet(UNetSizes(), CpuBackend().attention)).state_dict()


def test_there_are_as_many_tensors_and_values_as_published(tensors: Mapping[str, Tensor]) -> None:
    motion = {name: value for name, value in tensors.items() if ".motion_modules." in name}

    assert (len(tensors), len(motion)) == (1246, 560)
    assert round(sum(value.numel() for value in tensors.values()) / 1e6, 1) == 1267.9
    assert round(sum(value.numel() for value in motion.values()) / 1e6, 1) == 418.0


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("conv_in.weight", (320, 13, 3, 3)),
        ("time_embedding.linear_2.weight", (1280, 1280)),
        ("down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k.weight", (1280, 384)),
        ("up_blocks.3.resnets.2.conv_shortcut.weight", (320, 640, 1, 1)),
        (
            "up_blocks.0.motion_modules.2.temporal_transformer.transformer_blocks.0"
            ".attention_blocks.1.pos_encoder.pe",
            (1, 24, 1280),
        ),
        ("conv_out.weight", (4, 320, 3, 3)),
    ],
)
def test_tensors_have_their_published_shapes(
    tensors: Mapping[str, Tensor], name: str, shape: tuple[int, ...]
) -> None:
    assert tensors[name].shape == shape
