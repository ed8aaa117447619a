"""Folders of weights that tests may change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checkpoints.written import WrittenCheckpoints


@pytest.fixture
def copy(checkpoints: WrittenCheckpoints, tmp_path: Path) -> Callable[[str, str], Path]:
    """Return what copies the folder of a kind in a layout to `model`."""

    def copied(kind: str, layout: str) -> Path:
        return shutil.copytree(checkpoints.folder(kind, layout), tmp_path / "model")

    return copied
