"""Attention in parts that kernels take."""

import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.network.attention import Attention


def test_large_batches_are_attended_in_parts() -> None:
    """What a kernel of NVIDIA cards takes at a time is limited; places of large batches are more."""
    backend, parts = CpuBackend(), list[int]()

    def attend(query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor:
        assert exact
        parts.append(len(query))
        return backend.attention(query, key, value, exact=exact)

    torch.manual_seed(0)
    attention = Attention(8, 2, attend, context=4, exact=True)
    x, context = torch.randn(70_000, 2, 8), torch.randn(70_000, 3, 4)
    with torch.inference_mode():
        whole = attention(x, context)
        assert parts == [32_768, 32_768, 4_464]
        for place in (0, 32_767, 32_768, 69_999):
            alone = attention(x[place : place + 1], context[place : place + 1])
            torch.testing.assert_close(whole[place : place + 1], alone)
