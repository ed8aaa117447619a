"""Gaudi by a stand-in for its vendor's package: which kernels are called, and that the results are right."""

import sys
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.habana import load_habana
from polyreel_inference.devices.hpu import HpuBackend
from polyreel_inference.devices.select import open_backend
from tests.devices import fake_habana
from tests.devices.fake_habana.recording import Call, calls
from tests.devices.fake_kernels.attend import attend


@pytest.fixture
def backend() -> Iterator[HpuBackend]:
    """A Gaudi whose tensors lie on the CPU."""
    with fake_habana.installed():
        yield HpuBackend(load_habana(), torch.device("cpu"))


def _randn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_attention_is_fast_unless_it_has_to_be_exact(backend: HpuBackend) -> None:
    query, key = _randn(1, 5, 2, 8), _randn(1, 7, 2, 8)
    fast = backend.attention(query, key, key)
    exact = backend.attention(query, key, key, exact=True)

    heads_first = ((1, 2, 5, 8), (1, 2, 7, 8))
    assert calls == [Call("FusedSDPA", (*heads_first, "fast")), Call("FusedSDPA", (*heads_first, "None"))]
    torch.testing.assert_close(exact, attend(query, key, key))
    torch.testing.assert_close(fast, attend(query, key, key), rtol=0.02, atol=0.02)
    assert not torch.equal(fast, exact)


def test_narrow_values_are_widened_for_the_fused_kernel(backend: HpuBackend) -> None:
    query, value = _randn(1, 5, 2, 8), _randn(1, 5, 2, 3)

    attended = backend.attention(query, query, value, exact=True)
    torch.testing.assert_close(attended, attend(query, query, value))
    assert calls == [Call("FusedSDPA", ((1, 2, 5, 8), (1, 2, 5, 8), "None"))]


def test_values_wider_than_keys_go_to_pytorchs_attention(backend: HpuBackend) -> None:
    query, value = _randn(1, 5, 2, 8), _randn(1, 5, 2, 11)

    torch.testing.assert_close(backend.attention(query, query, value), attend(query, query, value))
    assert calls == []


@pytest.mark.parametrize(("exact", "mode", "tolerance"), [(False, "fast", 0.01), (True, "None", 1e-5)])
def test_long_sequences_of_keys_are_merged_from_blocks(
    backend: HpuBackend, exact: bool, mode: str, tolerance: float
) -> None:
    query = _randn(1, 3, 1, 4)
    # Rising scores, so that every block has another largest one.
    key = _randn(1, 20_000, 1, 4) * torch.linspace(0, 3, 20_000)[None, :, None, None]
    value = _randn(1, 20_000, 1, 4)
    out = backend.attention(query, key, value, exact=exact)

    torch.testing.assert_close(out, attend(query, key, value), rtol=tolerance, atol=tolerance)
    lengths = [call.arguments[1][2] for call in calls]
    assert lengths == [8192, 8192, 3616]
    assert {(call.function, call.arguments[2]) for call in calls} == {("sdpa_recomp_fwd", mode)}


def test_long_sequences_of_queries_are_split(backend: HpuBackend) -> None:
    query, key = _randn(1, 8200, 1, 4), _randn(1, 6, 1, 4)
    out = backend.attention(query, key, key, exact=True)

    torch.testing.assert_close(out, attend(query, key, key))
    assert [call.arguments[0][2] for call in calls] == [8192, 8]


def test_rotation_is_the_vendors_pairwise_kernel_in_float32(backend: HpuBackend) -> None:
    x, angles = _randn(2, 5, 3, 8).bfloat16(), _randn(5, 4)
    turned = backend.rotate(x, angles.cos(), angles.sin())

    assert calls == [Call("apply_rotary_pos_emb", (torch.float32, torch.float32))]
    assert turned.dtype == torch.bfloat16
    torch.testing.assert_close(turned, CpuBackend().rotate(x, angles.cos(), angles.sin()))


def test_the_device_describes_and_measures_itself(backend: HpuBackend) -> None:
    backend.synchronize()
    backend.reset_peak_memory()

    assert (backend.name, backend.collectives, backend.dtype) == ("hpu", "hccl", torch.bfloat16)
    assert backend.description == "Gaudi2"
    assert backend.peak_memory_bytes() == 48 * 1024**3
    assert backend.total_memory_bytes() == 96 * 1024**3
    assert calls == [Call("synchronize"), Call("reset_peak_memory_stats")]


def test_steps_end_graphs_in_lazy_mode_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_habana.installed():
        HpuBackend(load_habana(), torch.device("cpu")).mark_step()
        assert calls == []
        monkeypatch.setenv("PT_HPU_LAZY_MODE", "1")
        HpuBackend(load_habana(), torch.device("cpu")).mark_step()
        assert calls == [Call("mark_step")]


def test_lazy_mode_wraps_modules_and_leaves_functions_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PT_HPU_LAZY_MODE", "1")
    with fake_habana.installed():
        backend = HpuBackend(load_habana(), torch.device("cpu"))
        module = nn.Linear(1, 1)

        assert backend.compile(module) is module
        assert backend.compile(attend) is attend
        assert calls == [Call("wrap_in_hpu_graph", ("Linear",))]


def test_every_process_has_its_own_card_which_it_calls_the_first_one() -> None:
    with fake_habana.installed():
        assert open_backend("hpu", local_rank=1).device == torch.device("hpu", 0)
        assert "habana_frameworks.torch.distributed.hccl" in sys.modules


def test_a_gaudi_is_opened_by_name_and_by_itself() -> None:
    with fake_habana.installed():
        for name in ("hpu", "auto"):
            opened = open_backend(name, dtype=torch.float32)
            assert (opened.name, opened.device, opened.dtype) == (
                "hpu",
                torch.device("hpu", 0),
                torch.float32,
            )
        assert open_backend("hpu", attention="sdpa").kernel.name == "sdpa"
        with pytest.raises(
            DeviceUnavailable, match="Process 2 of this machine has no Gaudi device: there are 2"
        ):
            open_backend("hpu", local_rank=2)
        with pytest.raises(DeviceUnavailable, match="Usable here: auto, fused_sdpa, sdpa"):
            open_backend("hpu", attention="flash3")
