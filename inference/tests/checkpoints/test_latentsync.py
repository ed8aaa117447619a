"""The tiny LatentSync model has the published tensors, and the same numbers wherever it is written."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.checkpoints import latentsync_tensors as tensors
from tests.checkpoints.latentsync import LatentSyncFiles, write_latentsync


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> LatentSyncFiles:
    return write_latentsync(tmp_path_factory.mktemp("latentsync"), resolution=128)


def test_the_unet_has_the_published_tensors(files: LatentSyncFiles) -> None:
    stored = torch.load(files.unet, weights_only=True)
    names = stored["state_dict"]

    assert set(stored) == {"global_step", "state_dict"}
    assert len(names) == 1246
    assert sum(name.endswith(".pos_encoder.pe") for name in names) == 40
    assert len([name for name in names if ".motion_modules." in name]) == 560
    assert names["conv_in.weight"].shape == (32, 13, 3, 3)
    assert not any(bool((value == 0).all()) for value in names.values())


def test_whisper_has_an_encoder_of_67_tensors(files: LatentSyncFiles) -> None:
    stored = torch.load(files.whisper, weights_only=True)
    encoder = [name for name in stored["model_state_dict"] if name.startswith("encoder.")]

    assert set(stored) == {"dims", "model_state_dict"}
    assert len(encoder) == 67
    assert stored["model_state_dict"]["encoder.conv1.weight"].dtype == torch.float16


def test_the_autoencoder_is_stored_under_the_names_of_its_time(files: LatentSyncFiles) -> None:
    with safe_open(Path(files.vae, "diffusion_pytorch_model.safetensors"), "pt") as stored:
        names = set(stored.keys())

    assert "decoder.mid_block.attentions.0.query.weight" in names
    assert not any("to_q" in name for name in names)


def test_the_resolution_stands_beside_the_weights(files: LatentSyncFiles) -> None:
    assert json.loads(files.config.read_text())["resolution"] == 128


def test_a_tensor_depends_on_its_name_and_the_seed_alone() -> None:
    first, again, other = tensors.autoencoder(), tensors.autoencoder(), tensors.autoencoder(seed=1)
    name = "encoder.mid_block.attentions.0.key.weight"

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first[name], other[name])
    assert not torch.equal(first[name], first[name.replace("key", "value")])
