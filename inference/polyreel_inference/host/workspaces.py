"""Directories for the files of running jobs, cleaned up even after a crash."""

import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_LOCK = "lock"
_OWN_ROOT = "polyreel-engine-"


class Workspaces:
    """A folder of this process inside `root` (None: in a temporary folder), with one sub-folder per job.

    Several hosts may share a root: each holds a lock in its folder, which the system drops when the process
    ends in whatever way. Folders without a held lock are leftovers and removed at start.
    """

    def __init__(self, root: Path | None = None) -> None:
        if root is None:
            _remove_own_roots()
        self._own_root = Path(tempfile.mkdtemp(prefix=_OWN_ROOT)) if root is None else None
        self._root = root or self._own_root or Path()
        self._root.mkdir(parents=True, exist_ok=True)
        _remove_stale(self._root)
        self._folder = Path(tempfile.mkdtemp(prefix="host-", dir=self._root))
        # Locked before it gets its name, so that no other host ever finds it unlocked.
        unnamed = self._folder / f"{_LOCK}.part"
        self._lock = unnamed.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(self._folder / _LOCK)

    def create(self) -> Path:
        """A fresh, empty folder for one job."""
        return Path(tempfile.mkdtemp(prefix="job-", dir=self._folder))

    def remove(self, workspace: Path) -> None:
        """Remove the folder of an ended job; one that resists is left to the next start."""
        shutil.rmtree(workspace, ignore_errors=True)

    def close(self) -> None:
        """Remove everything of this process."""
        shutil.rmtree(self._own_root or self._folder, ignore_errors=True)
        self._lock.close()


def _remove_own_roots() -> None:
    """Remove what killed hosts without a given root left in the folder for temporary files."""
    for root in Path(tempfile.gettempdir()).glob(f"{_OWN_ROOT}*"):
        # Those of other users cannot be looked into; an empty one may be that of a host which just starts.
        with suppress(OSError):
            if _remove_stale(root):
                root.rmdir()


def _remove_stale(root: Path) -> bool:
    """Remove the folders of hosts that ended without doing so; True when there was one."""
    removed = False
    for folder in root.glob("host-*"):
        # A folder of this moment may not have its lock file yet; such an empty one is left alone.
        with suppress(OSError), (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            removed = True
    return removed
