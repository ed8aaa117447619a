"""From the files of a model to networks in memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.vae.channels_last import store_channels_last
from polyreel_inference.diffusion.weights.archives import load_pickle
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.diffusion.weights.name_maps import Destination, rename_segments, same_names
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from polyreel_inference.engines.latentsync.audio.mel import BANDS
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder, WhisperSizes
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.network.unet import UNet

CUDA_DTYPE = torch.float16
"""What the original computes in on NVIDIA cards; its rounding errors are an eighth of bfloat16's."""

VAE_STEM = "diffusion_pytorch_model"

# What diffusers called the attention of the autoencoder when it was published.
_VAE_FORMER_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}

_WHISPER_SIZES = {
    "n_mels": "mels",
    "n_audio_ctx": "context",
    "n_audio_state": "width",
    "n_audio_head": "heads",
    "n_audio_layer": "layers",
}


@dataclass(frozen=True)
class Networks:
    """What every rank has: the UNet and the autoencoder on its device, in its type."""

    unet: UNet
    autoencoder: AutoencoderKL


def load_networks(folder: LatentSyncFolder, backend: Backend) -> Networks:
    """Load what makes pictures. Raises `WeightsError` unless files and networks fit each other exactly."""
    return Networks(load_unet(folder, backend), load_autoencoder(folder.vae, backend))


def load_unet(folder: LatentSyncFolder, backend: Backend) -> UNet:
    """Load the UNet onto the device. Raises `WeightsError` for any tensor too many, too few or other."""
    return load_module(
        lambda: UNet(folder.sizes, backend.attention),
        TensorFiles([folder.unet]),
        same_names,
        dtype=backend.dtype,
        device=backend.device,
    )


def load_autoencoder(folder: Path, backend: Backend) -> AutoencoderKL:
    """Load a copy of sd-vae-ft-mse. Raises `WeightsError` for anything that does not fit its config.json."""
    config_path = folder / "config.json"
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{config_path} cannot be read as JSON: {error}") from error
    if not isinstance(config, dict) or config.get("_class_name") != "AutoencoderKL":
        raise WeightsError(f"{folder} holds no AutoencoderKL; give a copy of sd-vae-ft-mse.")
    pickled = folder / f"{VAE_STEM}.bin"
    only_pickled = pickled.is_file() and not any(folder.glob(f"{VAE_STEM}*.safetensors"))
    autoencoder: AutoencoderKL = load_module(
        lambda: AutoencoderKL.from_config(config),
        TensorFiles([pickled]) if only_pickled else TensorFiles.in_folder(folder, VAE_STEM),
        lambda name: (Destination(rename_segments(name, _VAE_FORMER_NAMES)),),
        dtype=backend.dtype,
        device=backend.device,
    )
    if backend.name == "cuda":
        store_channels_last(autoencoder)
    return autoencoder


def load_whisper(folder: LatentSyncFolder) -> WhisperEncoder:
    """Load Whisper's encoder in float32 on the CPU, where a minute of speech takes seconds.

    Raises `WeightsError` for another file, or an encoder whose states the UNet cannot hear.
    """
    sizes = _whisper_sizes(folder.whisper)
    if sizes.width != folder.sizes.cross_attention_dim:
        raise WeightsError(
            f"{folder.whisper} has states of {sizes.width} numbers; the UNet hears"
            f" {folder.sizes.cross_attention_dim}."
        )
    return load_module(
        lambda: WhisperEncoder(sizes),
        TensorFiles([folder.whisper]),
        _encoder_names,
        dtype=torch.float32,
        device="cpu",
    )


def _whisper_sizes(path: Path) -> WhisperSizes:
    content = load_pickle(path)
    stated = content.get("dims") if isinstance(content, dict) else None
    if not isinstance(stated, dict):
        raise WeightsError(f"{path} is no published file of Whisper: it does not tell its dimensions.")
    values: dict[str, Any] = {own: stated.get(name) for name, own in _WHISPER_SIZES.items()}
    if not all(isinstance(value, int) and value > 0 for value in values.values()) or values["mels"] != BANDS:
        raise WeightsError(f"{path} states dimensions no encoder of LatentSync has: {stated}.")
    return WhisperSizes(**values)


def _encoder_names(name: str) -> Sequence[Destination]:
    # The decoder, which writes text, has no use here.
    return () if name.startswith("decoder.") else (Destination(name.removeprefix("encoder.")),)
