"""The files of a model: the forms in which they may be given, and what is said when they cannot be used."""

import json
import shutil
from pathlib import Path

import pytest

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.parallel.mesh import Mesh
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.checkpoints.layouts import write_original


def test_the_checkpoint_may_be_given_by_its_folder(files: InfiniteTalkFiles) -> None:
    by_file = InfiniteTalkModel.open(files.base, [files.multi], files.speech)
    by_folder = InfiniteTalkModel.open(files.base, [files.multi.parent], files.speech)
    assert by_folder == by_file
    assert by_folder.checkpoint.weights == (files.multi,)
    assert by_folder.base.path == files.base


def test_a_folder_of_several_checkpoints_is_refused_with_their_names(files: InfiniteTalkFiles) -> None:
    with pytest.raises(WeightsError, match="several models, multi, single"):
        InfiniteTalkModel.open(files.base, [files.multi.parent.parent], files.speech)


def test_places_without_the_files_are_told(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nor a folder with infinitetalk\.safetensors"):
        InfiniteTalkModel.open(files.base, [tmp_path], files.speech)
    with pytest.raises(WeightsError, match="not a folder; give the one of chinese-wav2vec2-base"):
        InfiniteTalkModel.open(files.base, [files.single], tmp_path / "none")
    with pytest.raises(WeightsError, match="no LoRA file"):
        InfiniteTalkModel.open(files.base, [files.single], files.speech, [LoraFile(tmp_path / "x", 1.0)])
    with pytest.raises(WeightsError, match="not a folder"):
        InfiniteTalkModel.open(tmp_path / "none", [files.single], files.speech)


def test_a_base_of_another_kind_is_refused(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"needs Wan2\.1-I2V-14B-480P"):
        InfiniteTalkModel.open(write_original(tmp_path, "t2v"), [files.single], files.speech)


def test_another_speech_encoder_is_refused(files: InfiniteTalkFiles, tmp_path: Path) -> None:
    config = json.loads((files.speech / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 24}))
    with pytest.raises(WeightsError, match="num_hidden_layers 24"):
        InfiniteTalkModel.open(files.base, [files.single], tmp_path)
    shutil.copy(files.speech / "config.json", tmp_path)
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        InfiniteTalkModel.open(files.base, [files.single], tmp_path)


def test_models_with_the_same_base_share_its_encoders(files: InfiniteTalkFiles) -> None:
    loader = InfiniteTalkLoader(CpuBackend(), Mesh.single(), LoadSettings())
    single, multi = (
        loader.networks(InfiniteTalkModel.open(files.base, [weights], files.speech))
        for weights in (files.single, files.multi)
    )
    assert single.text_encoder is multi.text_encoder
    assert single.image_encoder is multi.image_encoder
    assert single.vae is multi.vae
