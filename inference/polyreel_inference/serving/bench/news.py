"""What a benchmark is at: parts of full size take minutes, and the figures come at the end."""

import sys


def tell(part: str) -> None:
    """Write to standard error what is measured now; standard output has the figures alone."""
    sys.stderr.write(f"measuring: {part}\n")
    sys.stderr.flush()
