"""The tiny model on disk, for all tests of the engine."""

import pytest

from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from tests.checkpoints.latentsync import LatentSyncFiles, write_latentsync


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> LatentSyncFiles:
    """Written once; tests must not change them."""
    return write_latentsync(tmp_path_factory.mktemp("latentsync"))


@pytest.fixture(scope="session")
def folder(files: LatentSyncFiles) -> LatentSyncFolder:
    """The same, recognised."""
    return LatentSyncFolder.open(files.folder)
