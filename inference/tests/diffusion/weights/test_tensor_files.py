"""Checkpoints in one file or many, and what is said about damaged ones."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles
from tests.checkpoints.files import write_shards

TENSORS = {f"layer.{index}.weight": torch.full((2, 3), float(index)) for index in range(7)}


@pytest.mark.parametrize("shards", [1, 3])
def test_reads_one_file_and_shards(tmp_path: Path, shards: int) -> None:
    write_shards(tmp_path, "model", TENSORS, shards)
    files = TensorFiles.in_folder(tmp_path, "model")

    assert sorted(files.names()) == sorted(TENSORS)
    assert len(files.paths) == shards
    for name, value in TENSORS.items():
        assert torch.equal(files.read(name), value)
        assert files.shape(name) == (2, 3)
        assert files.dtype(name) == torch.float32


def test_finds_shards_without_an_index_by_their_numbers(tmp_path: Path) -> None:
    write_shards(tmp_path, "model", TENSORS, shards=3)
    (tmp_path / "model.safetensors.index.json").unlink()

    assert sorted(TensorFiles.in_folder(tmp_path, "model").names()) == sorted(TENSORS)

    (tmp_path / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"lacks shards: model-00002-of-00003\.safetensors"):
        TensorFiles.in_folder(tmp_path, "model")


def test_names_shards_of_the_index_that_are_missing(tmp_path: Path) -> None:
    write_shards(tmp_path, "model", TENSORS, shards=3)
    (tmp_path / "model-00003-of-00003.safetensors").unlink()

    with pytest.raises(WeightsError, match=r"index.json names: model-00003-of-00003\.safetensors"):
        TensorFiles.in_folder(tmp_path, "model")


def test_refuses_an_index_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": [1]}))

    with pytest.raises(WeightsError, match="not an index"):
        TensorFiles.in_folder(tmp_path, "model")


def test_says_what_an_empty_folder_lacks(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"neither model\.safetensors nor model-00001-of"):
        TensorFiles.in_folder(tmp_path, "model")


@pytest.mark.parametrize("zipped", [True, False])
def test_reads_archives_of_pytorch(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "model.pth"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=zipped)
    files = TensorFiles([path])

    assert torch.equal(files.read("layer.3.weight", torch.bfloat16), TENSORS["layer.3.weight"].bfloat16())


def test_runs_no_code_of_an_archive(tmp_path: Path) -> None:
    witness = tmp_path / "witness"

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (witness,)

    torch.save({"layer": Payload()}, tmp_path / "model.pth")

    with pytest.raises(WeightsError, match="cannot be read as weights of PyTorch: it holds more") as refused:
        TensorFiles([tmp_path / "model.pth"])
    assert not witness.exists()
    assert "weights_only" not in str(refused.value)


@pytest.mark.parametrize("name", ["model.safetensors", "model.pth"])
def test_refuses_files_of_another_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\n")

    with pytest.raises(
        WeightsError, match=rf"{name} cannot be read .* a pointer of Git LFS: fetch it again\.$"
    ):
        TensorFiles([tmp_path / name])


@pytest.mark.parametrize("name", ["model.safetensors", "model.pth"])
def test_refuses_a_file_that_was_not_copied_to_its_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("pth"):
        torch.save(TENSORS, path)
    else:
        save_file(TENSORS, path)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(WeightsError, match=rf"{name} cannot be read .* cut off .*: fetch it again\.$"):
        TensorFiles([path])


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict"])
def test_reads_archives_with_notes_of_the_trainer(tmp_path: Path, key: str) -> None:
    torch.save({"epoch": 3, key: TENSORS}, tmp_path / "model.pth")
    files = TensorFiles([tmp_path / "model.pth"])

    assert set(files.names()) == set(TENSORS)


@pytest.mark.parametrize("content", [{"epoch": 3, "weights": TENSORS}, {"state_dict": {"a": 1}}, [1, 2]])
def test_refuses_archives_of_something_else(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "model.pth")

    with pytest.raises(WeightsError, match="not a dictionary of tensors"):
        TensorFiles([tmp_path / "model.pth"])


def test_refuses_two_files_with_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_file({"twice": torch.zeros(1)}, tmp_path / f"{name}.safetensors")

    with pytest.raises(WeightsError, match="repeats tensors of another file of the model: twice"):
        TensorFiles([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])


def test_what_was_read_outlives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(TENSORS, path)
    files = TensorFiles([path])
    value = files.read("layer.5.weight")
    files.close()
    path.write_bytes(b"\0" * path.stat().st_size)

    assert torch.equal(value, TENSORS["layer.5.weight"])
