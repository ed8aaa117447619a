"""Recognising that memory did not suffice; libraries tell it in different ways."""

import torch

_PHRASES = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "alloc_failed",
    "allocation failed",
)


def is_memory_error(error: BaseException) -> bool:
    """Whether `error`, or an error it was raised from, means that device or host memory did not suffice."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (MemoryError, torch.OutOfMemoryError)):
            return True
        if isinstance(seen, RuntimeError) and any(phrase in str(seen).lower() for phrase in _PHRASES):
            return True
        seen = seen.__cause__
    return False
