"""Stand-ins for the optional attention packages, which only machines with NVIDIA cards can install."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path

_SITE = str(Path(__file__).parent / "site")
_PACKAGES = ("flash_attn", "flash_attn_interface", "sageattention")


@contextmanager
def installed() -> Iterator[None]:
    """Make the packages importable inside the block."""
    sys.path.insert(0, _SITE)
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(_SITE)
        for name in _PACKAGES:
            sys.modules.pop(name, None)
