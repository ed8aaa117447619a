"""The same frames give the same bytes, whatever lay in the memory that the encoder is given."""

import os
import subprocess
import sys
from pathlib import Path


def test_files_depend_on_nothing_but_the_frames(tmp_path: Path) -> None:
    assert encoded(tmp_path, memory=1) == encoded(tmp_path, memory=170)


def encoded(folder: Path, memory: int) -> str:
    """Encode in a process whose fresh memory glibc fills with other bytes than zeros; return the sums."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.media.encode_pattern", str(folder)],
        env={**os.environ, "MALLOC_PERTURB_": str(memory)},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout
