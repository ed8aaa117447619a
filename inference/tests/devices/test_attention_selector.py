"""Which attention kernel is chosen, and that every one computes attention."""

import pytest
import torch

from polyreel_inference.devices.attention.selector import ATTENTION_NAMES, select_cuda_attention
from polyreel_inference.devices.errors import DeviceUnavailable
from tests.devices import fake_kernels
from tests.devices.fake_kernels.attend import attend

AMPERE, ADA, HOPPER, BLACKWELL, TURING = (8, 0), (8, 9), (9, 0), (12, 0), (7, 5)


@pytest.mark.parametrize(
    ("capability", "bare", "full"),
    [
        (TURING, "sdpa", "sdpa"),
        (AMPERE, "sdpa", "flash2"),
        (ADA, "sdpa", "flash2"),
        (HOPPER, "cudnn", "flash3"),
        (BLACKWELL, "cudnn", "cudnn"),
    ],
)
def test_auto_takes_the_fastest_exact_kernel_of_the_card(
    capability: tuple[int, int], bare: str, full: str
) -> None:
    assert select_cuda_attention("auto", capability, torch.bfloat16).name == bare
    with fake_kernels.installed():
        assert select_cuda_attention("auto", capability, torch.bfloat16).name == full


def test_sage_is_offered_to_those_cards_only_that_its_package_knows() -> None:
    with fake_kernels.installed():
        for capability in (AMPERE, ADA, HOPPER, BLACKWELL):
            assert select_cuda_attention("sage", capability, torch.bfloat16).name == "sage"
        with pytest.raises(DeviceUnavailable, match="not for this card"):
            select_cuda_attention("sage", (10, 0), torch.bfloat16)


def test_auto_takes_pytorchs_kernel_for_float32_whatever_is_installed() -> None:
    with fake_kernels.installed():
        assert select_cuda_attention("auto", HOPPER, torch.float32).name == "sdpa"


@pytest.mark.parametrize("name", ["flash2", "flash3", "sage", "cudnn", "sdpa"])
def test_a_named_kernel_computes_attention(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    query, key, value = (
        torch.randn((1, length, 2, 8), generator=generator).bfloat16() for length in (5, 7, 7)
    )
    with fake_kernels.installed():
        kernel = select_cuda_attention(name, HOPPER, torch.bfloat16)
        out = kernel(query, key, value)

    assert kernel.name == name
    assert kernel.approximate == (name == "sage")
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out, attend(query, key, value), rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    ("name", "widest"), [("flash2", 256), ("flash3", 256), ("sage", 128), ("cudnn", None)]
)
def test_a_kernel_tells_how_wide_heads_may_be(name: str, widest: int | None) -> None:
    with fake_kernels.installed():
        assert select_cuda_attention(name, HOPPER, torch.bfloat16).widest == widest


@pytest.mark.parametrize(
    ("name", "capability", "dtype", "message"),
    [
        ("flash3", ADA, torch.bfloat16, r"\(not for this card\). Usable here: auto, sdpa\."),
        ("flash2", AMPERE, torch.bfloat16, r"\(the package flash_attn is not installed\)"),
        ("sage", AMPERE, torch.bfloat16, r"\(the package sageattention is not installed\)"),
        ("cudnn", HOPPER, torch.float32, r"\(not for float32\). Usable here: auto, sdpa\."),
        ("fused_sdpa", HOPPER, torch.bfloat16, r"on this device\. Usable here: auto, cudnn, sdpa\."),
        ("fastest", HOPPER, torch.bfloat16, r'kernel "fastest" cannot be used'),
    ],
)
def test_a_kernel_that_is_not_there_is_refused_with_those_that_are(
    name: str, capability: tuple[int, int], dtype: torch.dtype, message: str
) -> None:
    with pytest.raises(DeviceUnavailable, match=message):
        select_cuda_attention(name, capability, dtype)


def test_the_names_for_the_command_line_are_complete() -> None:
    assert ATTENTION_NAMES == ("auto", "flash3", "cudnn", "flash2", "sdpa", "sage", "fused_sdpa")
