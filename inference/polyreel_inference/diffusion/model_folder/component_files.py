"""The files of one part of a model."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles


@dataclass(frozen=True)
class ComponentFiles:
    """Weights, and the configuration with their sizes (None: the published one).

    Two models that name the same files, also through links, have equal values here, so that what is loaded
    for one can serve the other.
    """

    # Links are not followed for reading: those of a download cache point at files without an ending.
    weights: tuple[Path, ...] = field(compare=False)
    config: Path | None = field(compare=False)
    identity: tuple[Path, ...]

    @classmethod
    def of(cls, weights: tuple[Path, ...], config: Path | None) -> "ComponentFiles":
        """Collect the files of one part."""
        files = weights if config is None else (*weights, config)
        return cls(weights, config, tuple(path.resolve() for path in files))

    def open(self) -> TensorFiles:
        """Open the weights."""
        return TensorFiles(self.weights)

    def sizes(self, published: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the configuration beside the weights, or the published one when there is none."""
        return published if self.config is None else read_config(self.config)


def stated_settings(path: Path, module: type) -> dict[str, Any]:
    """Return what a configuration states for the constructor of `module`, a class of diffusers.

    Raises `WeightsError` for settings the constructor does not know: without them it would be another model.
    """
    known = inspect.signature(module).parameters
    stated = {name: value for name, value in read_config(path).items() if not name.startswith("_")}
    if unknown := [name for name, value in stated.items() if name not in known and value is not None]:
        raise WeightsError(f"{path} has settings that {module.__name__} does not know: {listed(unknown)}.")
    return {name: value for name, value in stated.items() if name in known}


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises `WeightsError` when there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as a configuration: {error}") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} must hold an object.")
    return content
