"""Memory of this process as Linux counts it (proc(5): VmHWM, clear_refs), and the heap of its C library."""

import ctypes
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Start a new measurement; where the system does not allow it, peaks count from the process' start."""
    with suppress(OSError):
        _CLEAR.write_text("5")


def peak_bytes() -> int:
    """Most resident memory at a time, in bytes."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def total_bytes() -> int:
    """Memory of the machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def give_back_heap() -> None:
    """Return the pages of freed memory to the system, where the C library can (malloc_trim(3) of glibc).

    glibc keeps what is freed between two pieces still in use. Frames and crops of many sizes, freed by other
    threads than took them, leave hundreds of megabytes there. Takes some 20 ms for a gigabyte.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
