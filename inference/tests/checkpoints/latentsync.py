"""A tiny LatentSync model as published: the UNet, Whisper and the autoencoder.

`python -m tests.checkpoints.latentsync FOLDER` writes it from a shell.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.checkpoints import latentsync_sizes as sizes
from tests.checkpoints import latentsync_tensors as tensors
from tests.checkpoints.files import write_json, write_shards

RESOLUTION = 64


@dataclass(frozen=True)
class LatentSyncFiles:
    """Where the parts lie: the UNet's and Whisper's pickle files, the autoencoder's folder, the sizes."""

    folder: Path
    unet: Path
    whisper: Path
    vae: Path
    config: Path


def latentsync_files(folder: Path) -> LatentSyncFiles:
    """Return where `write_latentsync` puts the parts below `folder`."""
    return LatentSyncFiles(
        folder=folder,
        unet=folder / "latentsync_unet.pt",
        whisper=folder / "whisper" / "tiny.pt",
        vae=folder / "vae",
        config=folder / "config.json",
    )


def write_latentsync(folder: Path, resolution: int = RESOLUTION, seed: int = 0) -> LatentSyncFiles:
    """Write the whole model, some 60 MB; another `seed` gives other numbers everywhere.

    `resolution` is only written into config.json, since the weights fit every one; the sizes that differ
    from the published ones stand there under "unet", and Whisper's in its own file.
    """
    files = latentsync_files(folder)
    files.whisper.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"global_step": 1000, "state_dict": tensors.unet(seed)}, files.unet)
    whisper = {"dims": sizes.WHISPER_DIMENSIONS, "model_state_dict": tensors.whisper(seed)}
    torch.save(whisper, files.whisper)
    write_shards(files.vae, "diffusion_pytorch_model", tensors.autoencoder(seed))
    write_json(files.vae / "config.json", sizes.VAE_CONFIG)
    write_json(files.config, {"resolution": resolution, "unet": sizes.UNET})
    return files


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.checkpoints.latentsync")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resolution", type=int, default=RESOLUTION)
    arguments = parser.parse_args()
    write_latentsync(arguments.folder, arguments.resolution)
