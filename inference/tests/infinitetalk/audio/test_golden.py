"""Speech from file to embedding, against the original's numbers."""

import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.audio.arrangement import AudioMode
from polyreel_inference.engines.infinitetalk.audio.loudness import normalize_loudness
from polyreel_inference.engines.infinitetalk.audio.speech import SPEECH_RATE, load_speech
from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.audio.voices import Voices, load_voices
from polyreel_inference.engines.infinitetalk.audio.windows import audio_windows, mirror_tail
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import speech


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The sound files of the golden numbers."""
    voices: dict[str, tuple[int, list[np.ndarray]]] = {
        "anna": (SPEECH_RATE, [speech("anna", 1.3)]),
        "ben": (SPEECH_RATE, [np.float32(0.2) * speech("ben", 0.9)]),
        "eve": (SPEECH_RATE, [speech("eve", 1.3)]),
        "dora": (22_050, [speech("dora", 0.7, 22_050)]),
        "carl": (44_100, [speech("carl", 1.1, 44_100), speech("carl right", 1.1, 44_100) / 2]),
    }
    return {name: write(tmp_path / f"{name}.wav", rate, sound) for name, (rate, sound) in voices.items()}


def write(path: Path, rate: int, channels: list[np.ndarray]) -> Path:
    """Write 16 bits as libsndfile does, which rounds down."""
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, rate, 0, "NONE", ""))
        file.writeframes(np.floor(np.stack(channels, axis=1) * 32_768).astype("<i2").tobytes())
    return path


def every_eighth(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(samples[::8].copy())


def voices_of(files: dict[str, Path], names: list[str], mode: AudioMode) -> Voices:
    mixed = files["anna"].with_name("mixed.wav")
    return load_voices([files[name] for name in names], list(range(len(names))), mode, mixed)


@pytest.mark.parametrize(
    ("file", "name"), [("anna", "anna"), ("ben", "ben"), ("carl", "stereo_44100")], ids=lambda name: name
)
def test_speech_is_loaded_and_evened_out_alike(files: dict[str, Path], file: str, name: str) -> None:
    samples = normalize_loudness(load_speech(files[file]), SPEECH_RATE)

    assert_close(every_eighth(samples), golden("audio")[name], 1e-5)


def test_resampling_is_that_of_librosa(files: dict[str, Path]) -> None:
    assert_close(every_eighth(load_speech(files["dora"])), golden("audio")["rate_22050"], 1e-5)


@pytest.mark.parametrize(("mode", "second"), [("add", "ben"), ("para", "eve")])
def test_two_people_are_laid_out_alike(files: dict[str, Path], mode: AudioMode, second: str) -> None:
    first_track, second_track = voices_of(files, ["anna", second], mode).tracks

    numbers = golden("audio")
    assert [len(first_track), len(second_track)] == numbers[f"{mode}_samples"][:2].tolist()
    assert_close(every_eighth(first_track), numbers[f"{mode}_first"], 1e-5)
    assert_close(every_eighth(second_track), numbers[f"{mode}_second"], 1e-5)
    assert_close(every_eighth(first_track + second_track), numbers[f"{mode}_mix"], 1e-5)


@pytest.mark.parametrize(("mode", "second"), [("add", "ben"), ("para", "eve")])
def test_the_sound_of_two_people_is_mixed_alike(files: dict[str, Path], mode: AudioMode, second: str) -> None:
    sound = load_speech(voices_of(files, ["anna", second], mode).sound)

    # 16 bits are written in between.
    assert_close(every_eighth(sound), golden("audio")[f"{mode}_mix"], 2 / 32_767 / 0.2)


def test_somebody_without_sound_is_silent(files: dict[str, Path]) -> None:
    voices = load_voices([files["anna"]], [0, None], "para", files["anna"].with_name("mixed.wav"))

    assert_close(every_eighth(voices.tracks[1]), golden("audio")["none_second"])
    assert_close(every_eighth(np.sum(voices.tracks, axis=0)), golden("audio")["none_mix"], 1e-5)


@pytest.mark.parametrize("name", ["anna", "ben"])
def test_embeddings_equal_the_originals(files: dict[str, Path], encoder: SpeechEncoder, name: str) -> None:
    (track,) = voices_of(files, [name], "para").tracks

    assert_equal_embedding(encoder.encode(track), name)


def test_the_embedding_of_who_waits_equals_the_originals(
    files: dict[str, Path], encoder: SpeechEncoder
) -> None:
    track = voices_of(files, ["anna", "ben"], "add").tracks[1]

    assert_equal_embedding(encoder.encode(track), "add_second")


def test_the_embedding_of_silence_equals_the_originals(encoder: SpeechEncoder) -> None:
    assert_equal_embedding(encoder.encode(np.zeros(SPEECH_RATE, np.float32)), "silence")


def assert_equal_embedding(states: Tensor, name: str) -> None:
    assert_close(states[:, :, ::16], golden("audio")[f"embedding_{name}"], 2e-5)
    assert_close(states.double().mean(dim=(1, 2)), golden("audio")[f"embedding_{name}_mean"], 1e-4)


@pytest.mark.parametrize("case", range(25))
def test_chunks_hear_the_frames_the_originals_do(case: int) -> None:
    frames, others, chunk, motion, most, chunks, _ = golden("chunks")["cases"][case].tolist()
    speakers = [torch.arange(frames)] + ([1000 + torch.arange(others)] if others else [])
    wanted = golden("chunks")[f"windows_{case}"]

    for number in range(chunks):
        start = number * (chunk - motion)
        if number == chunks - 1 and (number > 0 or most > chunk):
            speakers = [mirror_tail(speaker, start + chunk) for speaker in speakers]
        heard = audio_windows([speaker[:, None, None] for speaker in speakers], start, chunk)
        assert torch.equal(heard[..., 0, 0], wanted[number].long())
