"""A tiny model, written once, an engine on it, and inputs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.engines.infinitetalk.engine import InfiniteTalkEngine
from tests.checkpoints.infinitetalk import InfiniteTalkFiles, write_infinitetalk
from tests.infinitetalk.engine.running import engine_with, run
from tests.media.clips import constant, tone, write_video, write_wav
from tests.serving.finished_run import Run


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> InfiniteTalkFiles:
    """The files of the model."""
    return write_infinitetalk(tmp_path_factory.mktemp("infinitetalk"))


@pytest.fixture(scope="package")
def engine(files: InfiniteTalkFiles) -> Iterator[InfiniteTalkEngine]:
    """An engine with chunks of 9 frames, of which later ones add 4."""
    loaded = engine_with(files)
    yield loaded
    loaded.close()


@pytest.fixture(scope="package")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A picture of 80 x 64 pixels, a video, sounds of 1 and 0.5 s at 22050 and 44100 Hz, and masks."""
    folder = tmp_path_factory.mktemp("media")
    random = np.random.default_rng(5)
    picture = Image.fromarray(random.integers(0, 256, (4, 5, 3), np.uint8))
    picture.resize((80, 64), Image.Resampling.BICUBIC).save(folder / "image.png")
    for name, columns in (("mask", slice(4, 36)), ("mask2", slice(44, 76)), ("black", slice(0, 0))):
        mask = np.zeros((64, 80), np.uint8)
        mask[4:60, columns] = 255
        Image.fromarray(mask).save(folder / f"{name}.png")
    write_wav(folder / "audio.wav", [tone(1.0, 22050, 300)], 22050)
    write_wav(folder / "audio2.wav", [tone(0.5, 44100, 500)] * 2, 44100)
    write_wav(folder / "short.wav", [tone(0.03, 16000)], 16000)
    write_video(folder / "video.mp4", constant(30, 30))
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="package")
def usual(
    engine: InfiniteTalkEngine, media: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A job of one person and two chunks."""
    return run(engine, tmp_path_factory.mktemp("usual"), {"image": media["image"], "audio": media["audio"]})


@pytest.fixture(scope="package")
def brief(
    engine: InfiniteTalkEngine, media: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """The same, as short as may be: a chunk of which five frames are kept."""
    inputs = {"image": media["image"], "audio": media["audio"]}
    return run(engine, tmp_path_factory.mktemp("brief"), inputs, frames=5)
