"""The states of wav2vec 2.0, compared with transformers' own way through the model."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.audio.speech_features import SpeechFeatures
from polyreel_inference.host.errors import Cancelled, EngineError
from tests.infinitetalk import golden_inputs


def states_by_transformers(encoder: SpeechEncoder, speech: np.ndarray, frames: int) -> Tensor:
    """The states of the layers of all of the speech at once, layer by layer."""
    model = encoder.model
    scaled = torch.from_numpy((speech - speech.mean()) / np.sqrt(speech.var() + 1e-7))
    with torch.no_grad():
        features = model.feature_extractor(scaled[None])
        timed = functional.interpolate(features, size=frames, mode="linear", align_corners=True)
        states = model.feature_projection(timed.transpose(1, 2))[0]
        states = model.encoder.layer_norm(states + model.encoder.pos_conv_embed(states))
        layers = []
        for layer in model.encoder.layers:
            output = layer(states)
            states = output[0] if isinstance(output, tuple) else output
            layers.append(states[0])
    return torch.stack(layers, dim=1)


def test_states_equal_those_of_transformers(encoder: SpeechEncoder) -> None:
    speech = golden_inputs.speech("someone", 1.61)

    states = encoder.encode(speech)

    assert states.shape == (40, 12, 768)
    assert states.dtype == torch.float32
    wanted = states_by_transformers(encoder, speech, 40)
    assert (states - wanted).abs().max() < 1e-5 * wanted.abs().max()


@pytest.mark.parametrize("block", [1, 7, 50, 1000])
def test_features_in_blocks_equal_those_of_the_whole(encoder: SpeechEncoder, block: int) -> None:
    speech = torch.from_numpy(golden_inputs.speech("someone", 1.333))
    with torch.no_grad():
        wanted = encoder.model.feature_extractor(speech[None])[0].T

        features = SpeechFeatures(encoder.model, block)(speech)

    assert features.shape == wanted.shape == (66, 16)
    assert (features - wanted).abs().max() < 1e-5 * wanted.abs().max()


def test_volume_does_not_matter(encoder: SpeechEncoder) -> None:
    speech = golden_inputs.speech("someone", 0.8)

    difference = encoder.encode(speech * np.float32(0.25)) - encoder.encode(speech)

    assert difference.abs().max() < 1e-3


def test_speech_as_it_comes_where_the_folder_says_so(speech_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(speech_folder, folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": False}))
    encoder = SpeechEncoder.load(folder)
    speech = golden_inputs.speech("someone", 0.4)

    scaled = ((speech - speech.mean()) / np.sqrt(speech.var() + 1e-7)).astype(np.float32)
    wanted = SpeechEncoder.load(speech_folder).encode(speech)

    assert (encoder.encode(scaled) - wanted).abs().max() < 1e-4
    assert (encoder.encode(speech) - wanted).abs().max() > 1e-3


@pytest.mark.parametrize("samples", [640, 641, 1279, 16_000])
def test_silence_and_short_speech_give_numbers(encoder: SpeechEncoder, samples: int) -> None:
    states = encoder.encode(np.zeros(samples, np.float32))

    assert states.shape == (samples // 640, 12, 768)
    assert states.isfinite().all()


@pytest.mark.parametrize("samples", [0, 1, 639])
def test_speech_below_one_frame_is_refused(encoder: SpeechEncoder, samples: int) -> None:
    with pytest.raises(EngineError, match=r"at least 0\.04 are needed") as refused:
        encoder.encode(np.zeros(samples, np.float32))

    assert refused.value.code == "AUDIO_TOO_SHORT"


def test_a_cancelled_job_stops_listening(encoder: SpeechEncoder) -> None:
    speech = golden_inputs.speech("someone", 0.4)
    wanted = encoder.encode(speech)
    layers = iter(range(12))

    def check() -> None:
        if next(layers) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoder.encode(speech, check)

    assert next(layers) == 5
    # Nothing of the broken off run stays in the model.
    assert torch.equal(encoder.encode(speech), wanted)


def test_a_job_can_be_cancelled_within_a_long_speech(encoder: SpeechEncoder) -> None:
    speech = torch.from_numpy(golden_inputs.speech("someone", 1.333))
    checks = 0

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 9:
            raise Cancelled

    with pytest.raises(Cancelled), torch.no_grad():
        SpeechFeatures(encoder.model, block=10)(speech, check)

    with torch.no_grad():
        assert len(SpeechFeatures(encoder.model, block=10)(speech, lambda: None)) == 66


def test_files_of_pytorch_and_of_newer_releases_are_read(
    speech_folder: Path, encoder: SpeechEncoder, tmp_path: Path
) -> None:
    stored = load_file(speech_folder / "model.safetensors")
    for name in ("config.json", "preprocessor_config.json"):
        shutil.copy(speech_folder / name, tmp_path)
    torch.save(stored, tmp_path / "pytorch_model.bin")
    speech = golden_inputs.speech("someone", 0.4)
    wanted = encoder.encode(speech)

    assert torch.equal(SpeechEncoder.load(tmp_path).encode(speech), wanted)

    # Without heads and prefix, and with the weight normalisation of PyTorch 2.
    renamed = {
        name.removeprefix("wav2vec2.")
        .replace("conv.weight_g", "conv.parametrizations.weight.original0")
        .replace("conv.weight_v", "conv.parametrizations.weight.original1"): value
        for name, value in stored.items()
        if name.startswith("wav2vec2.")
    }
    save_file(renamed, tmp_path / "model.safetensors")
    (tmp_path / "pytorch_model.bin").unlink()

    assert torch.equal(SpeechEncoder.load(tmp_path).encode(speech), wanted)


def test_a_configuration_as_it_was_published_in_2022(
    speech_folder: Path, encoder: SpeechEncoder, tmp_path: Path
) -> None:
    """With settings of the training, and such as later releases of transformers do not know."""
    folder = tmp_path / "published"
    shutil.copytree(speech_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    of_training = {
        "apply_spec_augment": True,
        "freeze_feat_extract_train": True,
        "gradient_checkpointing": True,
        "layerdrop": 0.05,
        "mask_channel_other": 0.0,
        "mask_channel_selection": "static",
        "mask_time_length": 10,
        "mask_time_prob": 0.65,
        "no_mask_channel_overlap": False,
        "torch_dtype": "float32",
        "transformers_version": "4.16.0.dev0",
    }
    (folder / "config.json").write_text(json.dumps(config | of_training))
    speech = golden_inputs.speech("someone", 0.4)

    assert torch.equal(SpeechEncoder.load(folder).encode(speech), encoder.encode(speech))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_hidden_layers": 24}, "num_hidden_layers 24; InfiniteTalk was trained with 12"),
        ({"hidden_size": 1024}, "hidden_size 1024; InfiniteTalk was trained with 768"),
        ({"do_stable_layer_norm": True}, "do_stable_layer_norm True"),
        ({"model_type": "hubert"}, "no wav2vec 2.0 encoder"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_encoder_is_refused(
    speech_folder: Path, tmp_path: Path, setting: dict[str, object], message: str
) -> None:
    config = json.loads((speech_folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | setting))

    with pytest.raises(WeightsError, match=message):
        SpeechEncoder.load(tmp_path)


def test_weights_have_to_be_complete(speech_folder: Path, tmp_path: Path) -> None:
    stored = load_file(speech_folder / "model.safetensors")
    missing = "wav2vec2.encoder.layers.7.attention.q_proj.bias"
    del stored[missing]
    save_file(stored, tmp_path / "model.safetensors")
    shutil.copy(speech_folder / "config.json", tmp_path)

    with pytest.raises(WeightsError, match=r"lacks tensors: encoder\.layers\.7\.attention\.q_proj\.bias"):
        SpeechEncoder.load(tmp_path)


def test_a_folder_without_weights_says_what_it_looked_for(speech_folder: Path, tmp_path: Path) -> None:
    shutil.copy(speech_folder / "config.json", tmp_path)

    with pytest.raises(WeightsError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        SpeechEncoder.load(tmp_path)
    with pytest.raises(WeightsError, match=r"config\.json cannot be read"):
        SpeechEncoder.load(tmp_path / "absent")
