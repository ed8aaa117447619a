"""The long runs, made once and measured by several tests."""

import numpy as np
import pytest

from tests.preview.jobs import SAMPLES, Run, run_job
from tests.preview.measuring import FloatArray, frames_of, openings

SPEECH, SECOND_SPEECH = SAMPLES / "speech.wav", SAMPLES / "speech-second.wav"
TURNS_FPS = 10.0


@pytest.fixture(scope="package")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample portrait with the sample speech."""
    inputs = {"image": SAMPLES / "portrait.jpg", "audio": SPEECH}
    return run_job(tmp_path_factory.mktemp("talk"), "talk", inputs, width=384, seed=11)


@pytest.fixture(scope="package")
def talking_opening(talking: Run) -> FloatArray:
    """How far the lips are apart in each frame of `talking`."""
    return np.asarray(openings(frames_of(talking.video))[:, 0])


@pytest.fixture(scope="package")
def taking_turns(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two people, one after the other; half the frame rate is enough to see who moves."""
    inputs = {"image": SAMPLES / "two-people.jpg", "audio": SPEECH, "audio2": SECOND_SPEECH}
    folder = tmp_path_factory.mktemp("add")
    return run_job(folder, "talk", inputs, width=768, fps=TURNS_FPS, audio_mode="add", seed=3)


@pytest.fixture(scope="package")
def synchronised(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The 2.4 s sample footage with 3.7 s of another voice."""
    inputs = {"video": SAMPLES / "portrait.mp4", "audio": SECOND_SPEECH}
    return run_job(tmp_path_factory.mktemp("lipsync"), "lipsync", inputs, watermark=False)
