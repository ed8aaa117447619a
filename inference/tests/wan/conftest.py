"""Tiny checkpoints, written once, and an engine on them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.engines.wan.engine import WanEngine
from tests.checkpoints.layouts import write_diffusers, write_distilled, write_original
from tests.wan.running import Run, engine_with, run


@pytest.fixture(scope="package")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models t2v, i2v, i2v-a14b, flf2v and the distilled t2v-4step."""
    folder = tmp_path_factory.mktemp("checkpoints")
    write_original(folder / "t2v", "t2v")
    write_diffusers(folder / "i2v", "i2v")
    write_original(folder / "i2v-a14b", "i2v-a14b")
    write_diffusers(folder / "flf2v", "flf2v")
    write_distilled(folder / "t2v-4step", "t2v")
    return folder


@pytest.fixture(scope="package")
def engine(checkpoints: Path) -> Iterator[WanEngine]:
    """One engine with all of them."""
    names = ("t2v", "i2v", "i2v-a14b", "flf2v", "t2v-4step")
    loaded = engine_with(*(word for name in names for word in ("--model", str(checkpoints / name))))
    yield loaded
    loaded.close()


@pytest.fixture(scope="package")
def usual(engine: WanEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A job of each model that needs no picture, with nothing asked for."""
    folder = tmp_path_factory.mktemp("usual")
    return {model: run(engine, folder / model, model) for model in ("t2v", "t2v-4step")}


@pytest.fixture(scope="package")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A first and a last picture, square."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(5)
    paths = {"image": folder / "first.png", "last_image": folder / "last.png"}
    for path in paths.values():
        coarse = random.integers(0, 256, (4, 4, 3), np.uint8)
        Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC).save(path)
    return paths
