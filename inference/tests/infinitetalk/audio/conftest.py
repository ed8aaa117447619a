"""The tiny speech encoder of the audio tests."""

from pathlib import Path

import pytest

from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from tests.checkpoints.infinitetalk import write_speech_encoder


@pytest.fixture(scope="session")
def speech_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech") / "chinese-wav2vec2-base"
    write_speech_encoder(folder)
    return folder


@pytest.fixture(scope="session")
def encoder(speech_folder: Path) -> SpeechEncoder:
    return SpeechEncoder.load(speech_folder)
