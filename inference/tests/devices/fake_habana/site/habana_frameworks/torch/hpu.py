"""habana_frameworks.torch.hpu: one Gaudi2 with 96 GiB."""

from torch import nn

from tests.devices.fake_habana.graphs import replayed
from tests.devices.fake_habana.recording import record

_TOTAL = 96 * 1024**3


def is_available() -> bool:
    """Whether a device is there."""
    return True


def device_count() -> int:
    """Number of devices of the machine."""
    return 2


def get_device_name() -> str:
    """Name of the device as the vendor writes it."""
    return "GAUDI2"


def synchronize() -> None:
    """Wait for the device."""
    record("synchronize")


def reset_peak_memory_stats() -> None:
    """Start a measurement."""
    record("reset_peak_memory_stats")


def max_memory_allocated() -> int:
    """Peak in bytes."""
    return _TOTAL // 2


def mem_get_info() -> tuple[int, int]:
    """Free and total memory in bytes."""
    return _TOTAL // 4, _TOTAL


def wrap_in_hpu_graph(module: nn.Module) -> nn.Module:
    """Record the module once for every shape of its arguments, and replay that from then on."""
    record("wrap_in_hpu_graph", type(module).__name__)
    module.forward = replayed(module.forward)
    return module
