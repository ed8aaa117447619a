"""Tiny checkpoints shared by the tests of this package."""

import pytest

from tests.checkpoints.written import WrittenCheckpoints


@pytest.fixture(scope="package")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> WrittenCheckpoints:
    return WrittenCheckpoints(tmp_path_factory.mktemp("checkpoints"))
