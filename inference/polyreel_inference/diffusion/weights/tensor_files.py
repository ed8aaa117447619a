"""The tensors of a checkpoint, from one file or many, read one at a time."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path

import torch
from torch import Tensor

from polyreel_inference.diffusion.weights.archives import Archive, PickleArchive, SafetensorsArchive
from polyreel_inference.diffusion.weights.errors import WeightsError, listed


class TensorFiles:
    """The tensors of some files under one roof, in the order of the files.

    Nothing is read but headers until `read`. One file is open at a time, so reading in the order of `names`
    is the fast way. Raises `WeightsError` when files are missing, unreadable or share a name.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if absent := [path for path in paths if not path.is_file()]:
            raise WeightsError(f"Files of the model are missing: {listed(map(str, absent))}.")
        if not paths:
            raise WeightsError("No file with weights was given.")
        self.paths = tuple(paths)
        self._places: dict[str, Path] = {}
        self._open: tuple[Path, Archive] | None = None
        for path in paths:
            names = self._archive(path).names()
            if twice := [name for name in names if name in self._places]:
                raise WeightsError(f"{path} repeats tensors of another file of the model: {listed(twice)}.")
            self._places.update(dict.fromkeys(names, path))

    @classmethod
    def in_folder(cls, folder: Path, stem: str) -> "TensorFiles":
        """Open STEM.safetensors, or the shards that STEM.safetensors.index.json or their numbers name."""
        return cls(weight_files(folder, stem))

    def names(self) -> Sequence[str]:
        """Names of all tensors, those of one file together."""
        return tuple(self._places)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the tensor `name`."""
        return self._archive_of(name).shape(name)

    def dtype(self, name: str) -> torch.dtype:
        """Type in which the tensor `name` is stored."""
        return self._archive_of(name).dtype(name)

    def read(self, name: str, dtype: torch.dtype | None = None, device: torch.device | str = "cpu") -> Tensor:
        """Return a copy of one tensor in `dtype` (None: as stored) on `device`."""
        stored = self._archive_of(name).read(name)
        return stored.to(device=device, dtype=stored.dtype if dtype is None else dtype, copy=True)

    def followed_by(self, other: "TensorFiles", wanted: Callable[[str], bool]) -> "TensorFiles":
        """Return the files of both under one roof, with the `wanted` tensors of `other` behind these.

        Raises `WeightsError` when a wanted tensor has the name of one of these.
        """
        joined = copy(self)
        joined.close()
        added = {name: path for name, path in other._places.items() if wanted(name)}
        if twice := [name for name in added if name in self._places]:
            raise WeightsError(f"{other.describe()} repeats tensors of another file: {listed(twice)}.")
        joined._places = self._places | added
        joined.paths = (*self.paths, *other.paths)
        return joined

    def describe(self) -> str:
        """Name the files for a message."""
        first = str(self.paths[0])
        return first if len(self.paths) == 1 else f"{first} and {len(self.paths) - 1} more"

    def close(self) -> None:
        """Close the file that is open; the next read opens it again."""
        self._open = None

    def _archive_of(self, name: str) -> Archive:
        return self._archive(self._places[name])

    def _archive(self, path: Path) -> Archive:
        if self._open is None or self._open[0] != path:
            # Closing the old file first lets go of its mapped pages before the next ones come.
            self._open = None
            archive = SafetensorsArchive(path) if path.suffix == ".safetensors" else PickleArchive(path)
            self._open = (path, archive)
        return self._open[1]


def weight_files(folder: Path, stem: str) -> tuple[Path, ...]:
    """Return the files of STEM in `folder`: the one file, else the shards by index, else by number.

    Raises `WeightsError` when there are none or some of the shards are missing.
    """
    single = folder / f"{stem}.safetensors"
    if single.is_file():
        return (single,)
    index = folder / f"{stem}.safetensors.index.json"
    if index.is_file():
        paths = [folder / name for name in _indexed(index)]
        if absent := [path.name for path in paths if not path.is_file()]:
            raise WeightsError(f"{folder} lacks shards that {index.name} names: {listed(absent)}.")
        return tuple(paths)
    shards = tuple(sorted(folder.glob(f"{stem}-*-of-*.safetensors")))
    if not shards:
        raise WeightsError(f"{folder} has neither {single.name} nor {stem}-00001-of-....safetensors.")
    if absent := _missing_numbers(shards):
        raise WeightsError(f"{folder} lacks shards: {listed(absent)}.")
    return shards


def _indexed(index: Path) -> Iterable[str]:
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        weight_map = content["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{index} is not an index of safetensors files: {error}") from error
    if not isinstance(weight_map, Mapping):
        raise WeightsError(f"{index} is not an index of safetensors files: weight_map is no object.")
    return sorted(set(weight_map.values()))


def _missing_numbers(shards: Sequence[Path]) -> list[str]:
    stem, _, rest = shards[0].name.rpartition("-of-")
    prefix = stem.rpartition("-")[0]
    total = rest.removesuffix(".safetensors")
    present = {path.name for path in shards}
    names = [f"{prefix}-{number:05d}-of-{total}.safetensors" for number in range(1, int(total) + 1)]
    return [name for name in names if name not in present]
