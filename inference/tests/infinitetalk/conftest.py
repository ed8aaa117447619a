"""The tiny model on disk, for all tests of the engine."""

import pytest

from tests.checkpoints.infinitetalk import InfiniteTalkFiles, write_infinitetalk


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> InfiniteTalkFiles:
    """Written once; tests must not change them."""
    return write_infinitetalk(tmp_path_factory.mktemp("infinitetalk"))
