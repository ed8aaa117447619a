"""Tiny checkpoints written once for many tests, which must not change them."""

from collections.abc import Callable
from pathlib import Path

from tests.checkpoints.layouts import write_diffusers, write_distilled, write_original

_WRITERS: dict[str, Callable[[Path, str], Path]] = {
    "original": write_original,
    "diffusers": write_diffusers,
    "distilled": write_distilled,
}


class WrittenCheckpoints:
    """Folders under `root`, each written when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, kind: str, layout: str) -> Path:
        """Return the folder of `kind` in `layout`, written with seed 0."""
        folder = self._root / f"{kind}-{layout}"
        return folder if folder.is_dir() else _WRITERS[layout](folder, kind)
