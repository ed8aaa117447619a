"""Opening a device by name."""

from typing import Any

import torch

from polyreel_inference.devices import habana
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.attention.selector import select_cuda_attention, unusable_attention
from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.devices.cuda import CudaBackend
from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.hpu import HpuBackend

DEVICE_NAMES = ("auto", "cuda", "hpu", "cpu")


def open_backend(
    name: str = "auto",
    *,
    local_rank: int = 0,
    attention: str = "auto",
    dtype: torch.dtype | None = None,
    cuda_dtype: torch.dtype = torch.bfloat16,
    cuda_driver: Any = torch.cuda,
) -> Backend:
    """Open the device `name` ("auto": a Gaudi or NVIDIA card where there is one, else the CPU).

    `local_rank` is the number of this process, and so of its card, on this machine; `attention` names the
    kernel; `dtype` overrides the compute type (float32 on the CPU, `cuda_dtype` on NVIDIA cards, bfloat16 on
    Gaudi); `cuda_driver` answers as `torch.cuda` does. Raises `DeviceUnavailable` when the device or the
    kernel is not there, telling what is.
    """
    match _best(cuda_driver) if name == "auto" else name:
        case "cpu":
            return _open_cpu(attention, dtype)
        case "cuda":
            return _open_cuda(local_rank, attention, dtype or cuda_dtype, cuda_driver)
        case "hpu":
            return _open_hpu(local_rank, attention, dtype)
    raise DeviceUnavailable(f'There is no device "{name}". Known devices: {", ".join(DEVICE_NAMES)}.')


def _best(driver: Any) -> str:
    if habana.is_installed() and habana.load_habana().hpu.is_available():
        return "hpu"
    return "cuda" if driver.is_available() else "cpu"


def _open_cpu(attention: str, dtype: torch.dtype | None) -> Backend:
    if attention not in ("auto", "sdpa"):
        raise unusable_attention(attention, "", ["sdpa"])
    return CpuBackend(dtype=dtype)


def _open_cuda(local_rank: int, attention: str, dtype: torch.dtype, driver: Any) -> Backend:
    _require_card("CUDA", local_rank, driver.device_count())
    device = torch.device("cuda", local_rank)
    capability = driver.get_device_capability(device)
    kernel = select_cuda_attention(attention, capability, dtype)
    return CudaBackend(device, kernel, dtype, driver=driver)


def _open_hpu(local_rank: int, attention: str, dtype: torch.dtype | None) -> Backend:
    if not habana.is_installed():
        raise DeviceUnavailable('There is no device "hpu": this is not an image for Intel Gaudi.')
    if attention not in ("auto", "fused_sdpa", "sdpa"):
        raise unusable_attention(attention, "", ["fused_sdpa", "sdpa"])
    vendor = habana.load_habana()
    _require_card("Gaudi", local_rank, vendor.hpu.device_count())
    kernel = SdpaAttention() if attention == "sdpa" else None
    # The vendor's bridge gives each process the card of its LOCAL_RANK, and always calls it 0.
    return HpuBackend(vendor, torch.device("hpu", 0), kernel, dtype)


def _require_card(kind: str, local_rank: int, count: int) -> None:
    if count == 0:
        raise DeviceUnavailable(
            f"No {kind} device can be seen: look for its driver, the build of torch, and what hides devices."
        )
    if local_rank >= count:
        raise DeviceUnavailable(
            f"Process {local_rank} of this machine has no {kind} device: there are {count}. "
            "Start no more processes than there are devices."
        )
