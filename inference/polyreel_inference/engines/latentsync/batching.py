"""How many chunks go through the network together when the operator leaves it open."""

from polyreel_inference.devices.backend import Backend

_GIBIBYTE = 1024**3
_WEIGHTS = 4 * _GIBIBYTE
"""UNet and autoencoder in 16 bits, and what the libraries take for themselves."""

_CHUNK_AT_512 = 12 * _GIBIBYTE
"""What a guided chunk of 16 frames needs beside them in 16 bits: published peaks are 16 to 18 GB for one."""

_USABLE = 0.9
_MOST = 4
"""More keep no device busier, but hold more frames in host memory."""


def chunks_for(backend: Backend, resolution: int) -> int:
    """Return how many chunks of crops of this side fit the device, 1 to 4; 1 where its memory is unknown."""
    total = backend.total_memory_bytes()
    if total is None or backend.name == "cpu":
        return 1
    numbers = backend.dtype.itemsize / 2
    free = total * _USABLE - _WEIGHTS * numbers
    return min(_MOST, max(1, int(free // (_CHUNK_AT_512 * numbers * (resolution / 512) ** 2))))
