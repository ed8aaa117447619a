"""A folder of a published LatentSync model: which files it has, and what cannot be told from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes

UNET_FILE = "latentsync_unet.pt"
CONFIG_FILE = "config.json"

_WHISPER_FILES = {384: "tiny.pt", 768: "small.pt"}
"""Published encoders by the width of their states, which the UNet has to fit."""

_RESOLUTIONS = {"LatentSync-1.5": 256, "LatentSync-1.6": 512}
"""By the "Name" in the config.json that is published with the weights."""

_VAE_FOLDERS = ("vae", "sd-vae-ft-mse", "stabilityai/sd-vae-ft-mse")
_RESOLUTION_STEP = 64
"""The autoencoder makes eighths, the UNet halves those three times."""


@dataclass(frozen=True)
class LatentSyncFolder:
    """The parts of one model. `resolution` is the side of the crops the weights were trained for."""

    path: Path
    unet: Path
    whisper: Path
    vae: Path
    resolution: int
    sizes: UNetSizes

    @classmethod
    def open(
        cls, path: Path, *, vae: Path | None = None, resolution: int | None = None
    ) -> "LatentSyncFolder":
        """Recognise a folder with `latentsync_unet.pt`, `whisper/tiny.pt`, and `vae/` or `sd-vae-ft-mse/`.

        `vae` is a folder of the autoencoder elsewhere. Nothing in the weights tells 1.5 (256) and 1.6 (512)
        apart; the published `config.json` does, as {"Name": "LatentSync-1.6"}. Other weights have
        {"resolution": 256} there, or it is given here; all that is said has to agree. Sizes of the UNet may
        stand there under "unet". Raises `WeightsError` telling what is missing or contradictory; the
        weights themselves are not read.
        """
        if not path.is_dir():
            raise WeightsError(f"{path} is no folder; give the one that holds {UNET_FILE}.")
        config_path = path / CONFIG_FILE
        config = _read(config_path) if config_path.is_file() else {}
        sizes = _sizes(config.get("unet", {}), config_path)
        whisper_name = _WHISPER_FILES.get(sizes.cross_attention_dim)
        if whisper_name is None:
            raise WeightsError(
                f"{config_path} says cross_attention_dim {sizes.cross_attention_dim}; encoders of speech"
                f" have {' or '.join(map(str, _WHISPER_FILES))}."
            )
        unet, whisper = path / UNET_FILE, path / "whisper" / whisper_name
        if absent := [str(file) for file in (unet, whisper) if not file.is_file()]:
            raise WeightsError(f"Files of LatentSync are missing: {listed(absent)}.")
        chosen = _resolution(config, resolution, config_path)
        return cls(path, unet, whisper, _vae_folder(path, vae), chosen, sizes)


def _resolution(config: Mapping[str, Any], given: int | None, path: Path) -> int:
    said = (config.get("resolution"), _RESOLUTIONS.get(str(config.get("Name"))), given)
    chosen, *others = [one for one in said if one is not None] or [None]
    if chosen is None:
        raise WeightsError(
            f"The weights do not tell their resolution: put the config.json that is published with them at"
            f' {path}, or write {{"resolution": 256}} for LatentSync 1.5 or 512 for 1.6 there.'
        )
    if contradiction := [other for other in others if other != chosen]:
        raise WeightsError(f"{path} says resolution {chosen}, not {contradiction[0]}; one of them is wrong.")
    if not isinstance(chosen, int) or chosen < _RESOLUTION_STEP or chosen % _RESOLUTION_STEP:
        raise WeightsError(f"The resolution has to be a multiple of {_RESOLUTION_STEP}, not {chosen}.")
    return chosen


def _vae_folder(path: Path, given: Path | None) -> Path:
    candidates = [given] if given is not None else [path / name for name in _VAE_FOLDERS]
    for folder in candidates:
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise WeightsError(
        f"The autoencoder is missing: put a copy of sd-vae-ft-mse at {listed(map(str, candidates))}."
    )


def _sizes(stated: Any, config: Path) -> UNetSizes:
    if not isinstance(stated, Mapping):
        raise WeightsError(f'"unet" in {config} is no object.')
    known = {field.name for field in fields(UNetSizes)}
    if foreign := set(stated) - known:
        raise WeightsError(f'"unet" in {config} has unknown settings: {listed(foreign)}.')
    values: dict[str, Any] = {
        name: tuple(value) if name == "block_out_channels" and isinstance(value, list) else value
        for name, value in stated.items()
    }
    try:
        return UNetSizes(**values)
    except (TypeError, ValueError) as error:
        raise WeightsError(f'"unet" in {config} describes no UNet of LatentSync: {error}') from error


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} is no JSON object.")
    return content
