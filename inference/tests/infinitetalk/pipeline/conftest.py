"""A pipeline on the tiny model, and a picture for it."""

import pytest
from torch import Tensor

from polyreel_inference.engines.infinitetalk.reference.source import StillReference
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.pipeline.making import Loaded, load, still, talk, video


@pytest.fixture(scope="package")
def loaded(files: InfiniteTalkFiles) -> Loaded:
    return load(files)


@pytest.fixture(scope="package")
def reference(tmp_path_factory: pytest.TempPathFactory) -> StillReference:
    return still(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="package")
def usual(loaded: Loaded, reference: StillReference) -> Tensor:
    """The video of an unchanged request for 12 frames, in two chunks."""
    return video(loaded.pipeline, talk(reference))
