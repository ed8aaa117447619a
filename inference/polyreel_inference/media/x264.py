"""Parameters of the H.264 encoder that make its output depend on nothing but the frames."""

from functools import cache
from pathlib import Path

_PROCESSORS = Path("/proc/cpuinfo")


def x264_parameters(*others: str) -> str:
    """Join `others`, each "name=value" as x264 calls them, to those that make its output reproducible."""
    return ":".join((*_reproducible(), *others))


@cache
def _reproducible() -> tuple[str, ...]:
    # With AVX-512, x264 (core 164 and 165) weighs blocks by memory that nobody has written, unless their
    # number in a row is a multiple of 8. Narrower instructions take the same time at 832x480.
    try:
        processors = _PROCESSORS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ()
    return ("asm=AVX2",) if "avx512f" in processors else ()
