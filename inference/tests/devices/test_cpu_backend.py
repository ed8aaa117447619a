"""The CPU as a device: attention, rotation, random numbers, memory."""

import platform
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices import process_memory
from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.cpu import CpuBackend
from tests.devices.fake_kernels.attend import attend

ROOT = Path(__file__).parents[2]


def _randn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("value_width", [8, 3, 16])
def test_attention_takes_values_of_any_width(value_width: int) -> None:
    query, key, value = _randn(2, 5, 4, 8), _randn(2, 7, 4, 8), _randn(2, 7, 4, value_width)
    out = CpuBackend().attention(query, key, value)

    assert out.shape == (2, 5, 4, value_width)
    torch.testing.assert_close(out, attend(query, key, value))


class _Halving(AttentionKernel):
    name = "halving"
    approximate = True
    widest = 8

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return query / 2


def test_an_approximate_kernel_serves_neither_exact_attention_nor_other_widths() -> None:
    backend = CpuBackend(_Halving())
    query, key, value = _randn(1, 3, 2, 8), _randn(1, 3, 2, 8), _randn(1, 3, 2, 8)

    torch.testing.assert_close(backend.attention(query, key, value), query / 2)
    torch.testing.assert_close(backend.attention(query, key, value, exact=True), attend(query, key, value))
    torch.testing.assert_close(
        backend.attention(query, key, value[..., :3]), attend(query, key, value[..., :3])
    )
    wide = _randn(1, 3, 2, 9)
    torch.testing.assert_close(backend.attention(wide, wide, wide), attend(wide, wide, wide))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rotation_turns_interleaved_pairs_and_keeps_its_argument(dtype: torch.dtype) -> None:
    x = _randn(2, 5, 3, 8).to(dtype)
    before = x.clone()
    angles = _randn(5, 4)
    turned = CpuBackend().rotate(x, angles.cos(), angles.sin())

    expected = torch.empty_like(x, dtype=torch.float32)
    for pair in range(4):
        cos, sin = angles[:, pair].cos()[:, None], angles[:, pair].sin()[:, None]
        a, b = x[..., 2 * pair].float(), x[..., 2 * pair + 1].float()
        expected[..., 2 * pair] = a * cos - b * sin
        expected[..., 2 * pair + 1] = a * sin + b * cos
    assert turned.dtype == dtype
    torch.testing.assert_close(turned, expected.to(dtype))
    torch.testing.assert_close(x, before, rtol=0, atol=0)


def test_attention_and_rotation_compile_to_one_graph() -> None:
    backend = CpuBackend()
    x, angles = _randn(1, 5, 2, 8), _randn(5, 4)

    def block(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        turned = backend.rotate(x, cos, sin)
        backend.mark_step()
        return backend.attention(turned, turned, x)

    compiled = torch.compile(block, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, angles.cos(), angles.sin()), block(x, angles.cos(), angles.sin()))


class _Stuck(CpuBackend):
    def synchronize(self) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


def test_a_device_that_cannot_be_waited_for_is_not_usable() -> None:
    assert CpuBackend().is_usable()
    assert not _Stuck().is_usable()


def test_random_numbers_are_those_of_the_generator_in_float32() -> None:
    backend = CpuBackend(dtype=torch.bfloat16)
    drawn = backend.randn((2, 3), torch.Generator().manual_seed(5), torch.bfloat16)
    again = torch.randn((2, 3), generator=torch.Generator().manual_seed(5))

    assert torch.equal(drawn, again.bfloat16())
    assert backend.randn((1,), torch.Generator()).dtype == torch.float32


def _peaks_of_a_process_of_its_own() -> tuple[int, int, int]:
    """Peak before a tensor of 512 MiB, with it, and after its end and a reset, in bytes.

    In the process of the tests the memory that earlier ones gave back may serve the tensor unseen.
    """
    script = """
        import torch
        from polyreel_inference.devices.cpu import CpuBackend

        backend = CpuBackend()
        before = backend.peak_memory_bytes()
        held = torch.ones(512 * 1024**2, dtype=torch.uint8)
        most = backend.peak_memory_bytes()
        del held
        backend.reset_peak_memory()
        print(before, most, backend.peak_memory_bytes())
    """
    before, most, after = _numbers_of_a_process(script)
    return before, most, after


def _numbers_of_a_process(script: str) -> list[int]:
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    return [int(word) for word in done.stdout.split()]


def _peaks_can_be_reset() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def test_the_peak_holds_the_largest_tensor_and_a_reset_forgets_it() -> None:
    before, most, after = _peaks_of_a_process_of_its_own()

    assert most - before > 384 * 1024**2
    # Containers may refuse the reset: the largest peak stays then.
    assert most - after > 384 * 1024**2 if _peaks_can_be_reset() else after >= most


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep no freed pages")
def test_freed_memory_goes_back_to_the_system() -> None:
    # Below 32 MiB glibc takes pieces from its heap, whose end the last one pins.
    script = """
        import resource
        from pathlib import Path
        import torch
        from polyreel_inference.devices.cpu import CpuBackend

        def resident() -> int:
            return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

        pieces = [torch.ones(768 * 1024, dtype=torch.uint8) for _ in range(600)]
        held = resident()
        last = pieces.pop()
        del pieces
        CpuBackend().free_memory()
        print(held, resident())
    """
    held, left = _numbers_of_a_process(script)
    assert held - left > 350 * 1024**2


def test_the_memory_of_the_machine_is_more_than_what_this_process_holds() -> None:
    backend = CpuBackend()
    assert backend.peak_memory_bytes() < (backend.total_memory_bytes() or 0)


def test_errors_of_memory_are_told_from_others() -> None:
    backend = CpuBackend()
    wrapped = RuntimeError("The step failed.")
    wrapped.__cause__ = torch.OutOfMemoryError("CUDA out of memory.")

    for error in (
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        wrapped,
    ):
        assert backend.is_out_of_memory(error), error
    for other in (RuntimeError("shapes do not fit"), ValueError("out of memory"), KeyError("memory")):
        assert not backend.is_out_of_memory(other), other


def test_what_the_allocator_really_raises_is_an_error_of_memory() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)

    assert CpuBackend().is_out_of_memory(raised.value)


# PyTorch's own compiler imports a module that uses a deprecated decorator.
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated:DeprecationWarning")
def test_functions_are_compiled_only_where_asked() -> None:
    def double(x: Tensor) -> Tensor:
        return x * 2

    assert CpuBackend().compile(double) is double
    assert CpuBackend(compiled=True).compile(double) is not double


def test_where_peaks_cannot_be_reset_they_count_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Containers may let a process open the file and refuse the writing.
    monkeypatch.setattr(process_memory, "_CLEAR", tmp_path)
    backend = CpuBackend()
    backend.reset_peak_memory()
    assert backend.peak_memory_bytes() > 0
