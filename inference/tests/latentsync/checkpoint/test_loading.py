"""Networks hold the published tensors exactly; files with others are refused before anything is made."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import (
    load_autoencoder,
    load_unet,
    load_whisper,
)
from tests.checkpoints.latentsync import LatentSyncFiles
from tests.checkpoints.latentsync_sizes import UNET

WIDEST = UNET["block_out_channels"][-1]


def _changed(folder: LatentSyncFolder, tmp_path: Path, **tensors: Tensor | None) -> LatentSyncFolder:
    """A copy of the UNet with tensors replaced, added, or (None) left out; `__` stands for a dot."""
    content = torch.load(folder.unet, weights_only=True)
    for name, value in tensors.items():
        content["state_dict"].pop(name.replace("__", "."), None)
        if value is not None:
            content["state_dict"][name.replace("__", ".")] = value
    path = tmp_path / "latentsync_unet.pt"
    torch.save(content, path)
    return LatentSyncFolder(tmp_path, path, folder.whisper, folder.vae, 64, folder.sizes)


def test_the_unet_holds_every_published_tensor(files: LatentSyncFiles, folder: LatentSyncFolder) -> None:
    stored = torch.load(files.unet, weights_only=True)["state_dict"]
    held = load_unet(folder, CpuBackend()).state_dict()

    assert set(held) == set(stored)
    assert len(held) == 1246
    assert all(torch.equal(held[name], value) for name, value in stored.items())


def test_the_unet_takes_the_type_of_the_device(folder: LatentSyncFolder) -> None:
    unet = load_unet(folder, CpuBackend(dtype=torch.bfloat16))
    assert {value.dtype for value in unet.state_dict().values()} == {torch.bfloat16}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"conv_out__bias": None}, r"lacks tensors: conv_out\.bias"),
        ({"mid_block__motion_modules__0__x": torch.zeros(1)}, "does not have: mid_block.motion_modules.0.x"),
        (
            {"conv_in__weight": torch.zeros(32, 9, 3, 3)},
            r"conv_in.weight \[32, 9, 3, 3\] instead of \[32, 13",
        ),
        (
            {
                "mid_block__attentions__0__transformer_blocks__0__attn2__to_k__weight": torch.zeros(
                    WIDEST, 768
                )
            },
            rf"attn2.to_k.weight \[{WIDEST}, 768\] instead of \[{WIDEST}, 384\]",
        ),
    ],
)
def test_another_unet_is_refused(
    folder: LatentSyncFolder, tmp_path: Path, tensors: dict[str, Tensor | None], message: str
) -> None:
    with pytest.raises(WeightsError, match=message):
        load_unet(_changed(folder, tmp_path, **tensors), CpuBackend())


def test_a_pickle_with_code_is_refused(folder: LatentSyncFolder, tmp_path: Path) -> None:
    witness = tmp_path / "witness"

    class Payload:
        def __reduce__(self) -> tuple[Any, tuple[Path]]:
            return Path.touch, (witness,)

    path = tmp_path / "tiny.pt"
    torch.save({"dims": Payload(), "model_state_dict": {}}, path)
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        load_whisper(LatentSyncFolder(tmp_path, folder.unet, path, folder.vae, 64, folder.sizes))
    assert not witness.exists()


def test_whisper_holds_the_encoder_in_float32(files: LatentSyncFiles, folder: LatentSyncFolder) -> None:
    stored = torch.load(files.whisper, weights_only=True)["model_state_dict"]
    held = load_whisper(folder).state_dict()

    assert len(held) == 67
    assert {value.dtype for value in held.values()} == {torch.float32}
    assert all(torch.equal(value, stored[f"encoder.{name}"].float()) for name, value in held.items())


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        (None, "does not tell its dimensions"),
        ({"n_audio_state": 512}, "states of 512 numbers; the UNet hears 384"),
        ({"n_mels": 128}, "dimensions no encoder of LatentSync has"),
        ({"n_audio_layer": 5}, r"lacks tensors: blocks\.4"),
        ({"n_audio_layer": 3}, r"holds tensors that the model does not have: encoder\.blocks\.3"),
    ],
)
def test_another_whisper_is_refused(
    folder: LatentSyncFolder, tmp_path: Path, dims: dict[str, int] | None, message: str
) -> None:
    content = torch.load(folder.whisper, weights_only=True)
    content["dims"] = None if dims is None else content["dims"] | dims
    path = tmp_path / "tiny.pt"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=message):
        load_whisper(LatentSyncFolder(tmp_path, folder.unet, path, folder.vae, 64, folder.sizes))


@pytest.mark.parametrize("pickled", [False, True])
def test_the_autoencoder_equals_what_diffusers_loads(
    files: LatentSyncFiles, tmp_path: Path, pickled: bool
) -> None:
    theirs = AutoencoderKL.from_pretrained(files.vae)
    source = files.vae
    if pickled:
        source = tmp_path / "vae"
        source.mkdir()
        shutil.copy(files.vae / "config.json", source)
        torch.save(theirs.state_dict(), source / "diffusion_pytorch_model.bin")
    held = load_autoencoder(source, CpuBackend()).state_dict()

    assert set(held) == set(theirs.state_dict())
    assert all(torch.equal(held[name], value) for name, value in theirs.state_dict().items())


def test_another_autoencoder_is_refused(files: LatentSyncFiles, tmp_path: Path) -> None:
    source = tmp_path / "vae"
    shutil.copytree(files.vae, source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"latent_channels": 16}))
    with pytest.raises(WeightsError, match="holds tensors of other shapes"):
        load_autoencoder(source, CpuBackend())
    (source / "config.json").write_text(json.dumps(config | {"_class_name": "AutoencoderKLWan"}))
    with pytest.raises(WeightsError, match="holds no AutoencoderKL"):
        load_autoencoder(source, CpuBackend())
    (source / "config.json").write_text("")
    with pytest.raises(WeightsError, match="cannot be read as JSON"):
        load_autoencoder(source, CpuBackend())
