"""LoRA files: low-rank and full differences to the weights of a model.

Formula: Hu et al., LoRA, arXiv 2106.09685, with the scale alpha / rank where a file states alpha.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.diffusion.weights.name_maps import NameMap
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

_DOWN = (".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight")
_UP = (".lora_up.weight", ".lora_B.weight", ".lora_B.default.weight")
_ALPHA = ".alpha"
# Full differences, by what they are added to.
_FULL = {".diff": ".weight", ".diff_b": ".bias", ".diff_m": ".modulation"}


@dataclass(frozen=True)
class LoraFile:
    """One LoRA file of an operator and the strength with which it acts (1 as trained, 0 not at all)."""

    path: Path
    strength: float = 1.0


@dataclass(frozen=True)
class LowRank:
    """strength * up @ down, with up [out, rank] and down [rank, in] in float32."""

    down: Tensor
    up: Tensor
    strength: float

    def difference(self) -> Tensor:
        """Return the full difference, float32 [out, in]."""
        return (self.up @ self.down).mul_(self.strength)


@dataclass
class _Entry:
    """Names in the file that change one parameter."""

    down: str | None = None
    up: str | None = None
    alpha: str | None = None
    full: str | None = None


@dataclass
class LoraDifferences:
    """What one opened LoRA file changes, by the parameters' names in the module.

    Raises `WeightsError` for tensors of no known kind and for halves of pairs. Whether the parameters exist
    is for the loader to say, who knows the module.
    """

    file: LoraFile
    names: NameMap
    _files: TensorFiles = field(init=False)
    _entries: dict[str, _Entry] = field(init=False)

    def __post_init__(self) -> None:
        self._files = TensorFiles([self.file.path])
        self._entries = {}
        if foreign := [name for name in self._files.names() if not self._take(name)]:
            raise WeightsError(f"{self.file.path} holds tensors that no LoRA has: {listed(foreign)}.")
        halves = [name for name, entry in self._entries.items() if _is_half(entry)]
        if halves:
            raise WeightsError(f"{self.file.path} lacks one half of the pair for: {listed(halves)}.")

    def changes(self, parameter: str) -> bool:
        """Whether the file changes `parameter`."""
        return parameter in self._entries

    def has_full(self, parameter: str) -> bool:
        """Whether the file holds a full difference to `parameter`, not only one of low rank."""
        return parameter in self._entries and self._entries[parameter].full is not None

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shape of the difference to each parameter."""
        return {name: self._shape(entry) for name, entry in self._entries.items()}

    def low_rank(self, parameter: str, device: torch.device | str) -> LowRank | None:
        """Return the low-rank difference to `parameter`, None when the file has none."""
        entry = self._entries.get(parameter)
        if entry is None or entry.down is None or entry.up is None:
            return None
        down = self._files.read(entry.down, torch.float32, device).flatten(1)
        up = self._files.read(entry.up, torch.float32, device).flatten(1)
        scale = 1.0
        if entry.alpha is not None:
            scale = float(self._files.read(entry.alpha, torch.float32).item()) / down.shape[0]
        return LowRank(down, up, self.file.strength * scale)

    def full(self, parameter: str, device: torch.device | str) -> Tensor | None:
        """Return the full difference to `parameter` in float32, strength applied, None when there is none."""
        entry = self._entries.get(parameter)
        if entry is None or entry.full is None:
            return None
        return self._files.read(entry.full, torch.float32, device).mul_(self.file.strength)

    def _shape(self, entry: _Entry) -> tuple[int, ...]:
        if entry.full is not None:
            return self._files.shape(entry.full)
        rows = self._files.shape(entry.up)[0] if entry.up is not None else 0
        return (rows, *self._files.shape(entry.down)[1:]) if entry.down is not None else (rows,)

    def _take(self, name: str) -> bool:
        """File `name` under the parameter it changes; False when it is of no known kind."""
        for ends, part in ((_DOWN, "down"), (_UP, "up"), ((_ALPHA,), "alpha")):
            for end in ends:
                if name.endswith(end):
                    setattr(self._entry(name.removesuffix(end) + ".weight"), part, name)
                    return True
        for end, leaf in _FULL.items():
            if name.endswith(end):
                self._entry(name.removesuffix(end) + leaf).full = name
                return True
        return False

    def _entry(self, name: str) -> _Entry:
        destination = self.names(name)[0].name
        return self._entries.setdefault(destination, _Entry())


def _is_half(entry: _Entry) -> bool:
    pair = (entry.down is None) == (entry.up is None)
    return not pair or (entry.alpha is not None and entry.down is None)
