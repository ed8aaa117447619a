"""Which files of a folder in the original layout are the transformer's weights."""

from pathlib import Path

from polyreel_inference.diffusion.model_folder.expert_names import EXPERTS, expert_named
from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.diffusion.weights.tensor_files import weight_files

STEM = "diffusion_pytorch_model"
EXPERT_FOLDERS = ("high_noise_model", "low_noise_model")
# Weights in the same folder that are not a transformer's.
_OTHERS = ("lora", "vae", "lighttae", "models_t5", "models_clip")
# Where LightX2V keeps distilled models, and models with a file for each block.
_INNER_FOLDERS = ("distill*", "*_split")
_NAME_ONE = "Name one as checkpoint"
_NAME_BOTH = 'Name one for each expert as checkpoint, ["HIGH", "LOW"],'


def choose_checkpoints(folder: Path, chosen: tuple[str, ...] | None) -> tuple[tuple[Path, ...], ...]:
    """Return the files of the transformer, or of two experts with the one for high noise first.

    `chosen` names files or subfolders where the operator did. Raises `WeightsError` when there is none, or
    more than one and nothing says which.
    """
    if chosen is not None:
        return tuple(_files_of(folder / name) for name in chosen)
    if homes := [place for place in (folder, *_inner(folder)) if _has_experts(place)]:
        if len(homes) > 1:
            raise _several(folder, [home / EXPERT_FOLDERS[0] for home in homes], _NAME_BOTH)
        return _in_expert_folders(homes[0])
    candidates = _candidates(folder)
    pair = [[path for path in candidates if expert_named(path) == expert] for expert in range(len(EXPERTS))]
    if any(pair):
        return tuple(
            _only(folder, matching, f"*{word}_noise*.safetensors", _NAME_BOTH)
            for matching, word in zip(pair, EXPERTS, strict=True)
        )
    return (_only(folder, candidates, f"{STEM}*.safetensors", _NAME_ONE),)


def _has_experts(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in EXPERT_FOLDERS)


def _in_expert_folders(home: Path) -> tuple[tuple[Path, ...], ...]:
    experts = [home / name for name in EXPERT_FOLDERS]
    if absent := [expert.name for expert in experts if not expert.is_dir()]:
        raise WeightsError(f"{home} lacks the folder {absent[0]} of the other expert.")
    return tuple(_only(expert, _candidates(expert), "*.safetensors", _NAME_BOTH) for expert in experts)


def _candidates(folder: Path) -> list[Path]:
    """Return files and subfolders that may hold the transformer; shards count as the folder's one file."""
    singles = [
        path
        for path in sorted(folder.glob("*.safetensors"))
        if not path.name.startswith(STEM) and not any(word in path.name.lower() for word in _OTHERS)
    ]
    shards = [folder / f"{STEM}.safetensors"] if any(folder.glob(f"{STEM}*.safetensors")) else []
    return shards + singles + [path for path in _inner(folder) if any(path.glob("*.safetensors"))]


def _inner(folder: Path) -> list[Path]:
    """Return the subfolders in which distilled models are published, also block by block."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and any(path.match(pattern) for pattern in _INNER_FOLDERS)
    )


def _only(folder: Path, candidates: list[Path], wanted: str, choice: str) -> tuple[Path, ...]:
    if not candidates:
        raise WeightsError(f"{folder} lacks the weights of the transformer: {wanted}.")
    if len(candidates) > 1:
        raise _several(folder, candidates, choice)
    return _files_of(candidates[0])


def _several(folder: Path, candidates: list[Path], choice: str) -> WeightsError:
    names = listed(str(path.relative_to(folder)) for path in candidates)
    return WeightsError(f"{folder} holds several transformers: {names}. {choice} in polyreel.json.")


def _files_of(place: Path) -> tuple[Path, ...]:
    if place.is_dir():
        index = sorted(place.glob("*.safetensors.index.json"))
        if index:
            return weight_files(place, index[0].name.removesuffix(".safetensors.index.json"))
        if files := tuple(sorted(place.glob("*.safetensors"))):
            return files
        raise WeightsError(f"{place} holds no safetensors files.")
    if place.is_file():
        return (place,)
    if place.name == f"{STEM}.safetensors":
        return weight_files(place.parent, STEM)
    raise WeightsError(f"{place}, named as checkpoint in polyreel.json, does not exist.")
