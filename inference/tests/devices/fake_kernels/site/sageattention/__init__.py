"""sageattention."""

from torch import Tensor

from tests.devices.fake_kernels.attend import attend


def sageattn(q: Tensor, k: Tensor, v: Tensor, tensor_layout: str = "HND", is_causal: bool = False) -> Tensor:
    """Attend over [B, L, heads, D], as "NHD" tells."""
    assert tensor_layout == "NHD"
    assert q.shape[-1] <= 128, "Unsupported head_dim"
    assert not is_causal
    return attend(q, k, v)
