"""Wan's denoiser on a stand-in for Gaudi: equal to the CPU in every mode, by the calls that are meant."""

import pytest
import torch
from torch import Tensor, nn

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.memory.block_placement import StreamedBlocks
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.context import ContextKeys
from polyreel_inference.diffusion.transformer.recorded_blocks import RecordedBlocks
from polyreel_inference.diffusion.transformer.rotary import Rotary
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh
from tests.checkpoints.kinds import LAYERS
from tests.devices.fake_habana.recording import calls
from tests.devices.gaudi_modes import counted, gaudi
from tests.diffusion.rank_checks import EVEN, UNEVEN, request
from tests.diffusion.tiny_models import our_transformer

STEPS, BRANCHES, REQUESTS = 2, 2, 3
FORWARDS = REQUESTS * STEPS * BRANCHES
BLOCKS = FORWARDS * LAYERS


def _denoised(backend: Backend, *, compiled: bool = False) -> list[Tensor]:
    """Denoise two requests of one size, and one of another."""
    transformer = our_transformer("i2v")
    if compiled:
        compile_blocks(transformer, backend)
    denoiser = Denoiser([transformer], Runtime(backend, Mesh.single()))
    requests = [request(EVEN, steps=STEPS), request(EVEN, 3, steps=STEPS), request(UNEVEN, steps=STEPS)]
    return [denoiser.run(one, SingleGate(lambda _: None)) for one in requests]


@pytest.fixture(scope="module")
def on_the_cpu() -> list[Tensor]:
    return _denoised(CpuBackend())


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_every_mode_equals_the_cpu(on_the_cpu: list[Tensor], lazy: bool, compiled: bool) -> None:
    with gaudi(lazy=lazy, exact=True) as backend:
        found = _denoised(backend, compiled=compiled)
    for latents, expected in zip(found, on_the_cpu, strict=True):
        torch.testing.assert_close(latents, expected, rtol=0, atol=1e-4)


def test_the_fast_softmax_stays_close(on_the_cpu: list[Tensor]) -> None:
    with gaudi(lazy=False) as backend:
        found = _denoised(backend)[0]
    torch.testing.assert_close(found, on_the_cpu[0], rtol=0, atol=0.02 * on_the_cpu[0].abs().max().item())
    assert not torch.equal(found, on_the_cpu[0])


def test_lazy_mode_ends_a_graph_behind_every_block_and_step() -> None:
    with gaudi(lazy=True) as backend:
        _denoised(backend)
        found = counted()
    # Self-attention, text and image; query and key.
    assert found["FusedSDPA fast"] == 3 * BLOCKS
    assert found["apply_rotary_pos_emb"] == 2 * BLOCKS
    assert found["mark_step"] == BLOCKS + REQUESTS * STEPS
    assert found["synchronize"] == REQUESTS * STEPS
    assert set(found) == {"FusedSDPA fast", "apply_rotary_pos_emb", "mark_step", "synchronize"}


def test_lazy_mode_records_every_block_of_a_size_once() -> None:
    with gaudi(lazy=True) as backend:
        _denoised(backend, compiled=True)
        found = counted()
    assert found["wrap_in_hpu_graph"] == found["record_hpu_graph"] == 2 * LAYERS
    assert found["replay_hpu_graph"] == BLOCKS - 2 * LAYERS
    assert found["mark_step"] == BLOCKS + REQUESTS * STEPS


def test_recordings_of_other_sizes_are_let_go_and_results_kept() -> None:
    with gaudi(lazy=True) as backend:
        blocks = RecordedBlocks(_double, backend)
        block, runtime = nn.Linear(2, 2), Runtime(backend, Mesh.single())
        keys = ContextKeys(torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2), None, None)

        def double(*numbers: float) -> Tensor:
            x = torch.tensor(numbers)[None, :, None]
            table = torch.zeros(len(numbers), 1)
            return blocks(block, x, x, Rotary(table, table, len(numbers)), keys, runtime)

        first, second = double(1, 2), double(3, 4)
        assert (first.flatten().tolist(), second.flatten().tolist()) == ([2, 4], [6, 8])
        double(1)
        double(1, 2)
        assert counted()["record_hpu_graph"] == 3


def _double(block: nn.Module, x: Tensor, *_: object) -> Tensor:
    return x + x


def test_eager_mode_compiles_by_the_vendors_compiler_and_marks_nothing() -> None:
    with gaudi(lazy=False) as backend:
        _denoised(backend, compiled=True)
        found = counted()
    assert found["compile_graph"] == 2
    assert found["FusedSDPA fast"] == 3 * BLOCKS
    assert found["mark_step"] == 0
    assert "wrap_in_hpu_graph" not in found


def test_recordings_and_moving_blocks_exclude_each_other() -> None:
    with gaudi(lazy=True) as backend:
        transformer = our_transformer("i2v")
        transformer.block_placement = StreamedBlocks(list(transformer.blocks), backend.device)
        with pytest.raises(ValueError, match="lazy mode, Gaudi replays recorded blocks"):
            compile_blocks(transformer, backend)
    assert calls == []
