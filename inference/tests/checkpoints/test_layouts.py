"""The tiny checkpoints are what they stand for: diffusers reads them, in its own names and the originals."""

from pathlib import Path

import pytest
import torch
from diffusers import WanImageToVideoPipeline, WanPipeline
from diffusers.loaders.single_file_utils import (
    convert_wan_transformer_to_diffusers,
    convert_wan_vae_to_diffusers,
)
from torch import Tensor

from tests.checkpoints.components import random_transformer, random_vae
from tests.checkpoints.kinds import KINDS
from tests.checkpoints.layouts import write_diffusers
from tests.checkpoints.original_names import original_transformer, original_vae


@pytest.mark.parametrize("kind", ["t2v", "i2v", "t2v-a14b", "i2v-a14b"])
def test_diffusers_converts_the_original_transformer(kind: str) -> None:
    tensors = random_transformer(KINDS[kind], expert=0, seed=3)

    _assert_same(convert_wan_transformer_to_diffusers(original_transformer(tensors)), tensors)


def test_diffusers_converts_the_original_autoencoder() -> None:
    tensors = random_vae(seed=3)

    _assert_same(convert_wan_vae_to_diffusers(original_vae(tensors)), tensors)


def test_diffusers_opens_the_folders_it_publishes(tmp_path: Path) -> None:
    text = WanPipeline.from_pretrained(write_diffusers(tmp_path / "t2v", "t2v-a14b"))
    image = WanImageToVideoPipeline.from_pretrained(write_diffusers(tmp_path / "i2v", "i2v"))

    assert text.config.boundary_ratio == 0.875
    assert text.transformer_2.config.in_channels == 16
    assert image.image_encoder.config.hidden_size == image.transformer.config.image_dim


def test_seeds_and_experts_have_numbers_of_their_own() -> None:
    kind = KINDS["t2v-a14b"]
    first = random_transformer(kind, expert=0, seed=0)["proj_out.weight"]

    assert torch.equal(first, random_transformer(kind, expert=0, seed=0)["proj_out.weight"])
    assert not torch.equal(first, random_transformer(kind, expert=1, seed=0)["proj_out.weight"])
    assert not torch.equal(first, random_transformer(kind, expert=0, seed=1)["proj_out.weight"])


def _assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
