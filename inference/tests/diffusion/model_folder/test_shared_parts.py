"""Encoders and autoencoder of several models: once for the same files, in types that hold their numbers."""

from pathlib import Path

import pytest
import torch

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.memory.policy import MemoryPolicy
from polyreel_inference.diffusion.model_folder.shared_parts import SharedParts
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from tests.checkpoints.written import WrittenCheckpoints


def open_parts(dtype: torch.dtype) -> SharedParts:
    backend = open_backend("cpu", dtype=dtype)
    return SharedParts(backend, MemoryPolicy("none", backend.device))


def test_the_same_files_are_loaded_once(checkpoints: WrittenCheckpoints, tmp_path: Path) -> None:
    source = checkpoints.folder("i2v", "original")
    (tmp_path / "link").symlink_to(source)
    first, second = WanFolder.open(source), WanFolder.open(tmp_path / "link")
    other = WanFolder.open(checkpoints.folder("t2v", "original"))
    parts = open_parts(torch.float32)

    assert parts.text_encoder(first) is parts.text_encoder(second)
    assert parts.image_encoder(first) is parts.image_encoder(second)
    assert parts.vae(first) is parts.vae(second)
    assert parts.vae(other) is not parts.vae(first)
    assert parts.image_encoder(other) is None


@pytest.mark.parametrize(
    ("computing", "wide"),
    [
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.bfloat16),
        # The sums inside UMT5 and the autoencoder leave the range of float16.
        (torch.float16, torch.bfloat16),
    ],
)
def test_parts_whose_numbers_are_large_are_not_kept_in_float16(
    checkpoints: WrittenCheckpoints, computing: torch.dtype, wide: torch.dtype
) -> None:
    folder = WanFolder.open(checkpoints.folder("i2v", "original"))
    parts = open_parts(computing)
    image_encoder = parts.image_encoder(folder)

    assert parts.text_encoder(folder).model.dtype == wide
    assert parts.vae(folder).dtype == wide
    assert image_encoder is not None
    assert image_encoder.model.dtype == computing
