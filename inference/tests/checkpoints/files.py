"""JSON and sharded safetensors on disk."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as an indented JSON file, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def write_shards(folder: Path, stem: str, tensors: dict[str, Tensor], shards: int = 1) -> None:
    """Write `tensors` as STEM.safetensors, or as `shards` numbered files and their index."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    if shards == 1:
        save_file(tensors, folder / f"{stem}.safetensors", metadata={"format": "pt"})
        return
    names = list(tensors)
    weight_map: dict[str, str] = {}
    for shard in range(shards):
        file = f"{stem}-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = {name: tensors[name] for name in names[shard::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    size = sum(value.nbytes for value in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    write_json(folder / f"{stem}.safetensors.index.json", index)
