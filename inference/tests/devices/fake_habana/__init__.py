"""A stand-in for the vendor's package of Gaudi images, which no package index has: it computes on the CPU.

`installed()` puts `habana_frameworks` where Python finds it; `recording.calls` then tells what was called.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path

from tests.devices.fake_habana.graphs import register_compiler
from tests.devices.fake_habana.kernels import register_operators
from tests.devices.fake_habana.recording import calls

_SITE = str(Path(__file__).parent / "site")


@contextmanager
def installed() -> Iterator[None]:
    """Make `import habana_frameworks` work inside the block, with an empty record of calls."""
    register_operators()
    register_compiler()
    calls.clear()
    sys.path.insert(0, _SITE)
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(_SITE)
        for name in [name for name in sys.modules if name.partition(".")[0] == "habana_frameworks"]:
            del sys.modules[name]
