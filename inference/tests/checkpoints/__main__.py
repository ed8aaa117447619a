"""Write one tiny checkpoint from a shell."""

import argparse
from pathlib import Path

from tests.checkpoints.kinds import KINDS
from tests.checkpoints.layouts import write_diffusers, write_distilled, write_original

_WRITERS = {"original": write_original, "diffusers": write_diffusers, "distilled": write_distilled}


def main() -> None:
    """Read the command line and write the folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.checkpoints", description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("layout", choices=sorted(_WRITERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    _WRITERS[arguments.layout](arguments.folder, arguments.kind, arguments.seed)


if __name__ == "__main__":
    main()
