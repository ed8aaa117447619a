"""Our network with the tiny model's weights."""

import pytest

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import load_unet
from polyreel_inference.engines.latentsync.network.unet import UNet


@pytest.fixture(scope="session")
def unet(folder: LatentSyncFolder) -> UNet:
    """Loaded once, on the CPU in float32."""
    return load_unet(folder, CpuBackend())
