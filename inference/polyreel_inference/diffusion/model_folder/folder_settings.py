"""polyreel.json: what an operator states about a folder of weights."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyreel_inference.diffusion.weights.errors import WeightsError, listed

FILE_NAME = "polyreel.json"

# What requests may ask for bounds what they get when they do not.
_RANGES = {
    "shift": (0.1, 50),
    "guidance_scale": (1, 20),
    "low_noise_guidance_scale": (1, 20),
    "boundary": (0, 1),
    "steps": (1, 100),
}


@dataclass(frozen=True)
class FolderSettings:
    """Overrides of what is recognised; None: as recognised.

    `checkpoint`, for the original layout, names the file or subfolder with the transformer's weights, or two
    of them, high noise first; `architecture` the published model whose defaults are used.
    """

    checkpoint: tuple[str, ...] | None = None
    architecture: str | None = None
    distilled: bool | None = None
    steps: int | None = None
    shift: float | None = None
    guidance_scale: float | None = None
    low_noise_guidance_scale: float | None = None
    boundary: float | None = None

    def stated(self, *names: str) -> dict[str, Any]:
        """Return those of the settings `names` that the operator made."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @classmethod
    def read(cls, folder: Path) -> "FolderSettings":
        """Read the file in `folder`; no file, no overrides. Raises `WeightsError` for what it cannot mean."""
        path = folder / FILE_NAME
        if not path.is_file():
            return cls()
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise WeightsError(f"{path} is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise WeightsError(f"{path} must hold an object.")
        if unknown := set(content) - set(cls.__dataclass_fields__):
            known = listed(cls.__dataclass_fields__)
            raise WeightsError(
                f"{path} has settings that do not exist: {listed(unknown)}. There are: {known}."
            )
        return cls(**{name: _checked(path, name, value) for name, value in content.items()})


def _checked(path: Path, name: str, value: Any) -> Any:
    if name == "checkpoint" and isinstance(value, str):
        return (value,)
    if name == "checkpoint" and _is_pair(value):
        return tuple(value)
    if name in _RANGES:
        return _in_range(path, name, value)
    if name == "distilled" and isinstance(value, bool):
        return value
    if name == "architecture" and isinstance(value, str):
        return value
    raise WeightsError(f"{path}: {name} cannot be {json.dumps(value)}.")


def _in_range(path: Path, name: str, value: Any) -> int | float:
    least, most = _RANGES[name]
    whole = name == "steps"
    if type(value) in ((int,) if whole else (int, float)) and least <= value <= most:
        return int(value) if whole else float(value)
    kind = "a whole number" if whole else "a number"
    raise WeightsError(
        f"{path}: {name} cannot be {json.dumps(value)}; it is {kind} from {least:g} to {most:g}."
    )


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
