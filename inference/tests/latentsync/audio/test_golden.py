"""Spectrogram, states and windows against the original's."""

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.audio.mel import log_mel
from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder
from polyreel_inference.engines.latentsync.audio.windows import windows_at
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import load_whisper
from polyreel_inference.engines.latentsync.plan import original_frames
from polyreel_inference.media.audio import Samples
from tests.latentsync.golden import golden, relative_error
from tests.latentsync.golden_inputs import SOUNDS, sound

LONG_SEGMENT = 1500
FPS = 25


@pytest.fixture(scope="module")
def encoder(folder: LatentSyncFolder) -> WhisperEncoder:
    return load_whisper(folder)


def _speech(name: str) -> Samples:
    return (sound(name) / 32_768).astype(np.float32)


@pytest.mark.parametrize("name", SOUNDS)
def test_the_spectrogram_is_the_originals(name: str) -> None:
    stored = golden("audio")
    found = log_mel(_speech(name))
    if name == "long":
        found = found[:, stored["mel_long_columns"].long()]
    # Logarithms of quiet bands show how a processor rounds its Fourier transform.
    assert relative_error(found, stored[f"mel_{name}"]) < 5e-5


@pytest.mark.parametrize("name", [name for name in SOUNDS if name != "long"])
def test_the_states_are_the_originals(name: str, encoder: WhisperEncoder) -> None:
    features = SpeechFeatures(encoder, _speech(name))
    states = features.rows(0, len(features))
    assert relative_error(states[..., ::16], golden("audio")[f"states_{name}"]) < 1e-5


def test_the_states_of_a_second_segment_are_the_originals(encoder: WhisperEncoder) -> None:
    stored = golden("audio")
    features = SpeechFeatures(encoder, _speech("long"))
    states = features.rows(0, len(features))

    assert len(features) > LONG_SEGMENT
    assert relative_error(states[stored["states_long_rows"].long()][..., ::16], stored["states_long"]) < 1e-5
    means: Tensor = states.double().mean(dim=(1, 2))
    assert relative_error(means, stored["states_long_means"]) < 1e-5


@pytest.mark.parametrize("name", ["short", "minimum"])
def test_the_windows_are_the_originals(name: str, encoder: WhisperEncoder) -> None:
    stored = golden("audio")
    features = SpeechFeatures(encoder, _speech(name))
    frames = original_frames(len(_speech(name)), FPS)
    windows = windows_at(features, [2 * frame for frame in range(frames)])
    rows = features.rows(0, len(features))

    assert relative_error(windows[..., ::48], stored[f"windows_{name}"]) < 1e-5
    for window, indices in zip(windows, stored[f"indices_{name}"], strict=True):
        assert torch.equal(window, rows[indices.long()].flatten(0, 1))


def test_the_lengths_are_the_originals() -> None:
    for samples, columns, rows, windows in golden("audio")["lengths"].tolist():
        assert (samples // 160, samples // 160 // 2) == (columns, rows)
        assert original_frames(samples, FPS) == windows
    for rows, windows in golden("audio")["counts"].tolist():
        assert original_frames(rows * 320, FPS) == windows
