"""Choosing among the attention kernels that this machine has."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import torch

from polyreel_inference.devices.attention.cudnn import CudnnAttention
from polyreel_inference.devices.attention.flash2 import Flash2Attention
from polyreel_inference.devices.attention.flash3 import Flash3Attention
from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.attention.sage import SageAttention
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.errors import DeviceUnavailable

Capability = tuple[int, int]
"""What NVIDIA calls compute capability: (9, 0) is Hopper, (8, 9) Ada."""

_HALF = frozenset({torch.float16, torch.bfloat16})


@dataclass(frozen=True)
class _Candidate:
    name: str
    make: Callable[[], AttentionKernel]
    package: str = ""
    """Package it comes from, "" for PyTorch itself."""
    oldest: Capability = (0, 0)
    newest: Capability = (99, 0)
    unfit: frozenset[int] = frozenset()
    """Generations of cards between the oldest and the newest one for which it is not made."""
    half_only: bool = True
    automatic: bool = True

    def obstacle(self, capability: Capability, dtype: torch.dtype) -> str:
        """Why it cannot be used, "" when it can."""
        if not self.oldest <= capability <= self.newest or capability[0] in self.unfit:
            return "not for this card"
        if self.half_only and dtype not in _HALF:
            return f"not for {str(dtype).removeprefix('torch.')}"
        if self.package and find_spec(self.package) is None:
            return f"the package {self.package} is not installed"
        return ""


_CANDIDATES = (
    _Candidate("flash3", Flash3Attention, "flash_attn_interface", oldest=(9, 0), newest=(9, 0)),
    _Candidate("cudnn", CudnnAttention, oldest=(9, 0)),
    _Candidate("flash2", Flash2Attention, "flash_attn", oldest=(8, 0)),
    _Candidate("sdpa", SdpaAttention, half_only=False),
    # Never by itself: it changes the numbers. Its package knows Blackwell's desktop cards (12) alone.
    _Candidate(
        "sage", SageAttention, "sageattention", oldest=(8, 0), unfit=frozenset({10, 11}), automatic=False
    ),
)
"""Kernels for NVIDIA cards, the fastest first."""

ATTENTION_NAMES = ("auto", *(candidate.name for candidate in _CANDIDATES), "fused_sdpa")


def select_cuda_attention(name: str, capability: Capability, dtype: torch.dtype) -> AttentionKernel:
    """The kernel `name`, or with "auto" the fastest one whose results are exact.

    Raises `DeviceUnavailable` for a kernel that cannot be used here, listing those that can.
    """
    usable = [candidate for candidate in _CANDIDATES if not candidate.obstacle(capability, dtype)]
    for candidate in usable:
        if candidate.name == name or (name == "auto" and candidate.automatic):
            return candidate.make()
    obstacles = {candidate.name: candidate.obstacle(capability, dtype) for candidate in _CANDIDATES}
    raise unusable_attention(name, obstacles.get(name, ""), [candidate.name for candidate in usable])


def unusable_attention(name: str, obstacle: str, usable: list[str]) -> DeviceUnavailable:
    """The error for a kernel that cannot be used, with the reason where there is a particular one."""
    reason = f" ({obstacle})" if obstacle else ""
    return DeviceUnavailable(
        f'The attention kernel "{name}" cannot be used on this device{reason}. '
        f"Usable here: auto, {', '.join(usable)}."
    )
