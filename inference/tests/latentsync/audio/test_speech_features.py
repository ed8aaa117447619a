"""Segments of 30 seconds, side by side as in the original or overlapping, and the windows of frames."""

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.audio.mel import log_mel
from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder, WhisperSizes
from polyreel_inference.engines.latentsync.audio.windows import windows_at
from polyreel_inference.media.audio import Samples

CONTEXT = 100
ROW = 320
"""Samples a row of features lasts."""


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    """An encoder whose segments last 2 seconds, so that the tests are quick."""
    torch.manual_seed(5)
    encoder = WhisperEncoder(WhisperSizes(mels=80, context=CONTEXT, width=8, heads=2, layers=2))
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.nn.init.normal_(encoder.positional_embedding)
    return encoder


def _speech(samples: int) -> Samples:
    return np.random.default_rng(1).standard_normal(samples).astype(np.float32) * np.float32(0.1)


def _segment_by_segment(encoder: WhisperEncoder, samples: Samples) -> Tensor:
    """What the original does: cut the spectrogram, fill up the last piece with zeros, keep the heard half."""
    mel = log_mel(samples)
    kept = []
    for start in range(0, mel.shape[1], 2 * CONTEXT):
        piece = mel[:, start : start + 2 * CONTEXT]
        filled = torch.zeros(80, 2 * CONTEXT)
        filled[:, : piece.shape[1]] = piece
        kept.append(encoder(filled)[: piece.shape[1] // 2])
    return torch.cat(kept)


@pytest.mark.parametrize(
    "samples", [320, 16_000, CONTEXT * ROW, CONTEXT * ROW + 160, 5 * CONTEXT * ROW + 999]
)
def test_without_overlap_the_segments_are_the_originals(encoder: WhisperEncoder, samples: int) -> None:
    speech = _speech(samples)
    expected = _segment_by_segment(encoder, speech)
    features = SpeechFeatures(encoder, speech)

    assert len(features) == len(expected) == samples // ROW
    assert torch.equal(features.rows(0, len(features)), expected)


def test_any_part_is_that_part_of_the_whole(encoder: WhisperEncoder) -> None:
    speech = _speech(4 * CONTEXT * ROW)
    whole = SpeechFeatures(encoder, speech, overlap_seconds=0.4).rows(0, 4 * CONTEXT)
    parts = SpeechFeatures(encoder, speech, overlap_seconds=0.4)
    for first in range(0, 4 * CONTEXT, 30):
        end = min(first + 41, 4 * CONTEXT)
        assert torch.equal(parts.rows(first, end), whole[first:end])


def test_an_overlap_fades_two_segments_into_each_other(encoder: WhisperEncoder) -> None:
    overlap, length = 20, 2 * CONTEXT - 20
    speech = _speech(length * ROW)
    mel = log_mel(speech)
    first = encoder(mel[:, : 2 * CONTEXT])
    second = encoder(mel[:, 2 * (CONTEXT - overlap) :])
    found = SpeechFeatures(encoder, speech, overlap_seconds=overlap / 50).rows(0, length)

    assert torch.equal(found[: CONTEXT - overlap], first[: CONTEXT - overlap])
    assert torch.equal(found[CONTEXT:], second[overlap:])
    for row in range(overlap):
        part = (row + 0.5) / overlap
        mixed = first[CONTEXT - overlap + row] * (1 - part) + second[row] * part
        torch.testing.assert_close(found[CONTEXT - overlap + row], mixed)


def test_a_long_speech_keeps_three_segments(encoder: WhisperEncoder) -> None:
    encoded: list[None] = []
    features = SpeechFeatures(encoder, _speech(10 * CONTEXT * ROW), check=lambda: encoded.append(None))
    for frame in range(0, 500, 16):
        windows_at(features, range(2 * frame, 2 * (frame + 16), 2))

    assert len(features._encoded) == 3
    # Once for the spectrogram, then before every segment and each of its two layers; none is encoded twice.
    assert len(encoded) == 1 + 10 * 3


def test_what_the_check_raises_ends_the_encoding(encoder: WhisperEncoder) -> None:
    calls: list[None] = []

    def refuse_after_the_spectrogram() -> None:
        calls.append(None)
        if len(calls) > 1:
            raise InterruptedError

    features = SpeechFeatures(encoder, _speech(3200), check=refuse_after_the_spectrogram)
    with pytest.raises(InterruptedError):
        features.rows(0, 1)


@pytest.mark.parametrize(("samples", "overlap"), [(319, 0.0), (3200, -0.1), (3200, 1.1)])
def test_refuses_what_cannot_be(encoder: WhisperEncoder, samples: int, overlap: float) -> None:
    with pytest.raises(ValueError, match=r"too few|cannot share"):
        SpeechFeatures(encoder, _speech(samples), overlap_seconds=overlap)


def test_a_frame_hears_ten_rows_around_its_own(encoder: WhisperEncoder) -> None:
    features = SpeechFeatures(encoder, _speech(60 * ROW))
    rows = features.rows(0, 60)
    windows = windows_at(features, range(0, 64, 2))

    assert windows.shape == (32, 30, 8)
    for frame, window in enumerate(windows):
        for place in range(10):
            row = min(max(2 * frame - 4 + place, 0), 59)
            for layer in range(3):
                assert torch.equal(window[3 * place + layer], rows[row, layer])


def test_frames_of_other_rates_hear_what_lies_around_their_time(encoder: WhisperEncoder) -> None:
    features = SpeechFeatures(encoder, _speech(60 * ROW))
    every = windows_at(features, range(0, 60, 2))
    found = windows_at(features, [0, 0, 2, 4, 58, 70, 71])

    assert torch.equal(found[:5], every[[0, 0, 1, 2, 29]])
    assert torch.equal(found[5], features.rows(59, 60).repeat(10, 1, 1).flatten(0, 1))
