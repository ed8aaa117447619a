"""Which files this process has open."""

from contextlib import suppress
from pathlib import Path


def open_files(folder: Path) -> list[str]:
    """Return the names of the open files below `folder`, while other threads may open and close some."""
    opened: list[Path] = []
    for link in Path("/proc/self/fd").iterdir():
        # Listed, and closed since.
        with suppress(FileNotFoundError):
            opened.append(link.readlink())
    return [path.name for path in opened if path.is_relative_to(folder)]
