"""What is loaded in which type."""

import pytest
import torch

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.infinitetalk.loading import LoadSettings
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.pipeline.making import load


@pytest.mark.parametrize(
    ("asked", "dtype"),
    [(None, torch.float32), (torch.float32, torch.float32), (torch.bfloat16, torch.bfloat16)],
)
def test_the_autoencoder_is_in_float32_unless_asked_otherwise(
    files: InfiniteTalkFiles, asked: torch.dtype | None, dtype: torch.dtype
) -> None:
    """As the original's: what it rounds in one chunk, all following ones begin with."""
    loaded = load(files, settings=LoadSettings(vae_dtype=asked), backend=CpuBackend(dtype=torch.bfloat16))
    assert loaded.networks.vae.dtype == dtype
    assert loaded.networks.text_encoder.model.dtype == torch.bfloat16
