"""The tiny model's networks on the CPU."""

import pytest

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import Networks, load_networks


@pytest.fixture(scope="session")
def networks(folder: LatentSyncFolder) -> Networks:
    """Loaded once, in float32."""
    return load_networks(folder, CpuBackend())
