"""Sound of other rates and channels is heard as the original hears it."""

from pathlib import Path

import pytest
import torch

from polyreel_inference.engines.latentsync.audio.speech import load_speech
from tests.latentsync.golden import golden
from tests.latentsync.golden_inputs import TRACKS, write_track


@pytest.mark.parametrize("name", TRACKS)
def test_resampled_sound_is_the_original_s(name: str, tmp_path: Path) -> None:
    speech = load_speech(write_track(name, tmp_path / "track.wav"))

    wanted = golden("tracks")[name].float()
    assert speech.shape == wanted.shape
    # Another build of the resampler may round the last bit differently.
    assert float((torch.from_numpy(speech) * 32768 - wanted).abs().max()) <= 1
