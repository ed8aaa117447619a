"""The CPU's cores for work that only one of many processes has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_MOST = 16
"""More threads than this hardly make the encoder of speech any faster."""


@contextmanager
def own_cores() -> Iterator[None]:
    """Compute with the cores this process may use, where torchrun has left it a single thread.

    It sets OMP_NUM_THREADS to 1 in all processes unless an operator sets it. The number of threads is what it
    was when the context is left.
    """
    threads = torch.get_num_threads()
    if threads > 1 or "TORCHELASTIC_RUN_ID" not in os.environ:
        yield
        return
    torch.set_num_threads(min(_MOST, len(os.sched_getaffinity(0))))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
