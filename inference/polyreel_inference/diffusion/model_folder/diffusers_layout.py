"""Folders as diffusers' pipelines are published."""

import inspect
from pathlib import Path
from typing import Any

from diffusers import WanTransformer3DModel

from polyreel_inference.diffusion.model_folder.component_files import (
    ComponentFiles,
    read_config,
    stated_settings,
)
from polyreel_inference.diffusion.model_folder.folder_parts import FolderParts
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.tensor_files import weight_files

INDEX = "model_index.json"
_PIPELINES = ("WanPipeline", "WanImageToVideoPipeline")
_STEMS = {"text_encoder": "model", "image_encoder": "model"}


def read_diffusers(folder: Path) -> FolderParts:
    """Find the parts of a model. Raises `WeightsError` naming everything that is missing."""
    index = read_config(folder / INDEX)
    if index.get("_class_name") not in _PIPELINES or index.get("expand_timesteps"):
        raise WeightsError(
            f"{folder / INDEX} describes {index.get('_class_name')}"
            f"{' with expanded timesteps' if index.get('expand_timesteps') else ''}, which is not supported;"
            " Wan 2.1 and the Wan 2.2 models of two experts are."
        )
    names = ["transformer", "vae", "text_encoder"]
    names += [name for name in ("transformer_2", "image_encoder") if _has(index, name)]
    problems: list[str] = []
    parts = {name: _part(folder, name, problems) for name in names}
    tokenizer = folder / "tokenizer"
    if not tokenizer.is_dir():
        problems.append(f"{tokenizer} is missing.")
    if problems:
        raise WeightsError(" ".join(problems))
    found = {name: part for name, part in parts.items() if part is not None}
    config = _transformer_config(folder / "transformer" / "config.json")
    if config["image_dim"] is not None and "image_encoder" not in found:
        raise WeightsError(f"{folder / INDEX} names no image_encoder, but the transformer needs one.")
    return FolderParts(
        layout="diffusers",
        transformer_config=config,
        transformers=tuple(found[name] for name in ("transformer", "transformer_2") if name in found),
        text_encoder=found["text_encoder"],
        tokenizer=tokenizer,
        image_encoder=found.get("image_encoder") if config["image_dim"] is not None else None,
        vae=found["vae"],
        boundary=index.get("boundary_ratio"),
    )


def _has(index: dict[str, Any], name: str) -> bool:
    # Components that a pipeline leaves out are listed as [null, null].
    entry = index.get(name)
    return isinstance(entry, list) and bool(entry) and entry[0] is not None


def _part(folder: Path, name: str, problems: list[str]) -> ComponentFiles | None:
    place = folder / name
    config = place / "config.json"
    if not config.is_file():
        problems.append(f"{config} is missing.")
    try:
        weights = weight_files(place, _STEMS.get(name, "diffusion_pytorch_model"))
    except WeightsError as error:
        problems.append(str(error))
        return None
    return ComponentFiles.of(weights, config)


def _transformer_config(path: Path) -> dict[str, Any]:
    """Return all arguments of the transformer's constructor, also those that the file leaves out."""
    parameters = inspect.signature(WanTransformer3DModel.__init__).parameters
    usual = {name: value.default for name, value in parameters.items() if name != "self"}
    config = usual | stated_settings(path, WanTransformer3DModel)
    return config | {"patch_size": tuple(config["patch_size"])}
