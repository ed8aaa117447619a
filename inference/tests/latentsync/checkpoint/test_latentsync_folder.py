"""Recognising a folder, and what is said about one that cannot be used."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes
from tests.checkpoints.latentsync import LatentSyncFiles
from tests.checkpoints.latentsync_sizes import UNET


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with the files of a publication, of which opening reads none but config.json."""
    folder = tmp_path / "LatentSync 1.6 & more"
    (folder / "whisper").mkdir(parents=True)
    (folder / "vae").mkdir()
    for name in ("latentsync_unet.pt", "whisper/tiny.pt", "vae/config.json"):
        (folder / name).touch()
    _configure(folder, {"resolution": 512})
    return folder


def _configure(folder: Path, config: Any) -> None:
    (folder / "config.json").write_text(json.dumps(config))


def test_recognises_a_published_folder(published: Path) -> None:
    folder = LatentSyncFolder.open(published)

    assert (folder.resolution, folder.sizes) == (512, UNetSizes())
    assert folder.whisper == published / "whisper" / "tiny.pt"


def test_the_autoencoder_may_have_its_own_name_or_lie_elsewhere(published: Path, tmp_path: Path) -> None:
    (published / "vae").rename(published / "sd-vae-ft-mse")
    assert LatentSyncFolder.open(published).vae == published / "sd-vae-ft-mse"

    elsewhere = tmp_path / "autoencoder"
    shutil.move(published / "sd-vae-ft-mse", elsewhere)
    assert LatentSyncFolder.open(published, vae=elsewhere).vae == elsewhere
    with pytest.raises(WeightsError, match="autoencoder is missing: put a copy of sd-vae-ft-mse at"):
        LatentSyncFolder.open(published)


def test_sizes_and_resolution_stand_in_the_config(files: LatentSyncFiles) -> None:
    folder = LatentSyncFolder.open(files.folder)

    assert folder.resolution == 64
    assert folder.sizes.block_out_channels == tuple(UNET["block_out_channels"])
    assert folder.sizes.norm_num_groups == UNET["norm_num_groups"]


@pytest.mark.parametrize(("name", "resolution"), [("LatentSync-1.5", 256), ("LatentSync-1.6", 512)])
def test_the_published_config_names_the_version(published: Path, name: str, resolution: int) -> None:
    _configure(published, {"Name": name})
    assert LatentSyncFolder.open(published).resolution == resolution
    _configure(published, {"Name": name, "resolution": resolution})
    assert LatentSyncFolder.open(published).resolution == resolution
    _configure(published, {"Name": name, "resolution": 768})
    with pytest.raises(WeightsError, match=rf"resolution 768, not {resolution}"):
        LatentSyncFolder.open(published)


def test_the_autoencoder_may_lie_below_its_publisher(published: Path) -> None:
    """As a download into `stabilityai/sd-vae-ft-mse` leaves it."""
    (published / "stabilityai").mkdir()
    (published / "vae").rename(published / "stabilityai" / "sd-vae-ft-mse")
    assert LatentSyncFolder.open(published).vae == published / "stabilityai" / "sd-vae-ft-mse"


@pytest.mark.parametrize("config", [None, {}, {"Name": "LatentSync-2.0"}])
def test_the_resolution_has_to_be_known(published: Path, config: Any) -> None:
    if config is None:
        (published / "config.json").unlink()
    else:
        _configure(published, config)
    with pytest.raises(WeightsError, match=r'"resolution": 256.*LatentSync 1.5'):
        LatentSyncFolder.open(published)
    assert LatentSyncFolder.open(published, resolution=256).resolution == 256


def test_a_resolution_that_contradicts_the_config_is_refused(published: Path) -> None:
    with pytest.raises(WeightsError, match="says resolution 512, not 256"):
        LatentSyncFolder.open(published, resolution=256)


@pytest.mark.parametrize("name", ["latentsync_unet.pt", "whisper/tiny.pt"])
def test_missing_files_are_named(published: Path, name: str) -> None:
    (published / name).unlink()
    with pytest.raises(WeightsError, match=rf"missing: .*{name}"):
        LatentSyncFolder.open(published)


def test_a_file_is_no_folder(published: Path) -> None:
    with pytest.raises(WeightsError, match="is no folder"):
        LatentSyncFolder.open(published / "latentsync_unet.pt")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ([], "is no JSON object"),
        ({"resolution": 500}, "multiple of 64, not 500"),
        ({"resolution": "512"}, "multiple of 64, not 512"),
        ({"resolution": 0}, "multiple of 64, not 0"),
        ({"resolution": 512, "unet": 3}, '"unet" in .* is no object'),
        ({"resolution": 512, "unet": {"depth": 3}}, "unknown settings: depth"),
        ({"resolution": 512, "unet": {"block_out_channels": 5}}, "describes no UNet"),
        ({"resolution": 512, "unet": {"block_out_channels": [32, 64]}}, "has to hold 4 numbers"),
        ({"resolution": 512, "unet": {"norm_num_groups": 0}}, "positive whole numbers"),
        ({"resolution": 512, "unet": {"norm_num_groups": 7}}, "320 channels cannot be divided"),
        ({"resolution": 512, "unet": {"cross_attention_dim": 512}}, "encoders of speech have 384 or 768"),
    ],
)
def test_a_config_of_something_else_is_refused(published: Path, config: Any, message: str) -> None:
    _configure(published, config)
    with pytest.raises(WeightsError, match=message):
        LatentSyncFolder.open(published)


def test_a_damaged_config_is_refused(published: Path) -> None:
    (published / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read as JSON"):
        LatentSyncFolder.open(published)


def test_a_wider_network_hears_the_larger_encoder(published: Path) -> None:
    _configure(published, {"resolution": 512, "unet": {"cross_attention_dim": 768}})
    with pytest.raises(WeightsError, match=r"missing: .*small\.pt"):
        LatentSyncFolder.open(published)
