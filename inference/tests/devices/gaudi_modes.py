"""The ways a Gaudi runs, on the stand-in for it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from polyreel_inference.devices.attention.fused_sdpa import FusedSdpaAttention
from polyreel_inference.devices.habana import load_habana
from polyreel_inference.devices.hpu import HpuBackend
from tests.devices import fake_habana
from tests.devices.fake_habana.recording import calls


@contextmanager
def gaudi(*, lazy: bool, exact: bool = False) -> Iterator[HpuBackend]:
    """A Gaudi that computes in float32 on the CPU, in lazy or in eager mode.

    `exact` gives it the exact softmax everywhere, so that results can be compared to the last digits.
    """
    with pytest.MonkeyPatch.context() as patch, fake_habana.installed():
        patch.setenv("PT_HPU_LAZY_MODE", "1" if lazy else "0")
        habana = load_habana()
        kernel = FusedSdpaAttention(habana, exact=True) if exact else None
        torch.compiler.reset()
        yield HpuBackend(habana, torch.device("cpu"), kernel, torch.float32)
        torch.compiler.reset()


def counted() -> Counter[str]:
    """How often each function was called; attention by its mode, "FusedSDPA fast" for one."""
    return Counter(
        f"FusedSDPA {call.arguments[-1]}" if call.function == "FusedSDPA" else call.function for call in calls
    )
