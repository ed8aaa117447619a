"""An engine on the tiny model, and inputs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyreel_inference.engines.latentsync.engine import LatentSyncEngine
from tests.checkpoints.latentsync import LatentSyncFiles
from tests.latentsync.engine.running import FacesByPicture, engine_with, one_face, run
from tests.media.clips import constant, tone, write_video, write_wav
from tests.serving.finished_run import Run


@pytest.fixture(scope="package")
def weights(files: LatentSyncFiles) -> Path:
    """The folder of the model."""
    return files.folder


@pytest.fixture(scope="package")
def loaded(weights: Path) -> Iterator[tuple[LatentSyncEngine, FacesByPicture]]:
    faces = FacesByPicture()
    engine = engine_with(weights, faces)
    yield engine, faces
    engine.close()
    assert faces.closed


@pytest.fixture
def engine(loaded: tuple[LatentSyncEngine, FacesByPicture], faces: FacesByPicture) -> LatentSyncEngine:
    """An engine that sees one face in the middle of every picture."""
    return loaded[0]


@pytest.fixture
def faces(loaded: tuple[LatentSyncEngine, FacesByPicture]) -> FacesByPicture:
    """What the engine sees."""
    loaded[1].script = one_face
    return loaded[1]


@pytest.fixture(scope="package")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A video of 20 frames of 128 x 112 pixels, and sounds of 0.2 and 1.2 s, mono and stereo."""
    folder = tmp_path_factory.mktemp("it's a folder & more")
    return {
        "video": write_video(folder / 'a "video" & more.mp4', constant(25, 20), 128, 112),
        "audio": write_wav(folder / "speech; of it's own.wav", [tone(0.2, 16000, 300)], 16000),
        "longer": write_wav(folder / "longer.wav", [tone(1.2, 44100, 500)] * 2, 44100),
    }


@pytest.fixture(scope="package")
def usual(
    loaded: tuple[LatentSyncEngine, FacesByPicture],
    media: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """A job of one chunk of five frames."""
    inputs = {"video": media["video"], "audio": media["audio"]}
    loaded[1].script = one_face
    return run(loaded[0], tmp_path_factory.mktemp("usual"), inputs)
