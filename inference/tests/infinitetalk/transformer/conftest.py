"""The transformers of the tiny model, with the weights for one speaker and for several."""

from collections.abc import Callable
from functools import cache

import pytest

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.engines.infinitetalk.transformer.checkpoint import InfiniteTalkCheckpoint
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from tests.checkpoints.infinitetalk import InfiniteTalkFiles

LoadTransformer = Callable[[str], InfiniteTalkTransformer]


@pytest.fixture(scope="package")
def transformer(files: InfiniteTalkFiles) -> LoadTransformer:
    """Return the transformer of the checkpoint "single" or "multi", loaded once."""

    @cache
    def load(name: str) -> InfiniteTalkTransformer:
        checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(files.base), [getattr(files, name)])
        return checkpoint.load_transformer(CpuBackend())

    return load
