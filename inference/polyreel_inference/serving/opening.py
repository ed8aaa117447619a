"""Ranks and device by the options, with what cannot be told to the operator."""

from collections.abc import Mapping
from typing import Protocol

import torch

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.select import open_backend
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks

_DTYPES = {
    "auto": None,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float32": torch.float32,
}


class DeviceOptions(Protocol):
    """What an operator decides about the device; `dtype` is a number type by name, or "auto"."""

    @property
    def device(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def attention(self) -> str: ...


class StartOptions(DeviceOptions, Protocol):
    """What an operator decides about processes that share a job, and their devices."""

    @property
    def ulysses_size(self) -> int: ...
    @property
    def guidance_size(self) -> int: ...


def open_ranks(options: StartOptions, environment: Mapping[str, str]) -> Ranks:
    """Find out which process this is. Raises `UnusableOptions` when the sizes do not fit their number."""
    try:
        ranks = Ranks.from_environment(environment)
    except ValueError as error:
        raise UnusableOptions(str(error)) from error
    needed = options.ulysses_size * options.guidance_size
    if needed != ranks.size:
        raise UnusableOptions(
            f"--ulysses-size {options.ulysses_size} times --cfg-size {options.guidance_size} needs {needed}"
            f" processes, but {ranks.size} run: start them with torchrun --nproc-per-node {needed}."
        )
    return ranks


def open_device(options: DeviceOptions, ranks: Ranks, *, cuda_dtype: torch.dtype = torch.bfloat16) -> Backend:
    """Open this process's device; on NVIDIA cards it computes in `cuda_dtype` where the options do not say.

    Raises `UnusableOptions` when the device, or the attention kernel, is not there.
    """
    try:
        return open_backend(
            options.device,
            local_rank=ranks.local_rank,
            attention=options.attention,
            dtype=_DTYPES[options.dtype],
            cuda_dtype=cuda_dtype,
        )
    except DeviceUnavailable as error:
        raise UnusableOptions(str(error)) from error
