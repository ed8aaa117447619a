"""The denoising of a chunk on a stand-in for Gaudi: equal to the CPU in every mode, by the calls meant."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.devices.habana import load_habana
from polyreel_inference.devices.hpu import HpuBackend
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.parallel.gate import SingleGate
from tests.devices import fake_habana
from tests.devices.device_numbers import DeviceNumbers
from tests.devices.gaudi_modes import counted, gaudi
from tests.infinitetalk.sampling.chunk_requests import EVEN, chunk_request
from tests.infinitetalk.transformer.tiny_transformer import LAYERS, single_runtime, tiny_transformer

STEPS, BRANCHES = 2, 3
REQUESTS = [
    chunk_request(EVEN, people=2, steps=STEPS),
    chunk_request(EVEN, people=2, seed=9, steps=STEPS, projection=ProjectionSettings()),
]
FORWARDS = len(REQUESTS) * STEPS * BRANCHES
SILENT = FORWARDS // BRANCHES
"""Forwards without speech: one branch of each step, which takes the way of one speaker."""
BLOCKS = FORWARDS * LAYERS


def _denoised(backend: Backend, *, compiled: bool = False) -> list[Tensor]:
    transformer = tiny_transformer()
    if compiled:
        compile_blocks(transformer, backend)
    denoiser = ChunkDenoiser(transformer, single_runtime(backend))
    return [denoiser.run(request, SingleGate(lambda _: None)) for request in REQUESTS]


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


def test_lazy_mode_ends_a_graph_behind_every_block_and_step() -> None:
    with gaudi(lazy=True) as backend:
        _denoised(backend)
        found = counted()
    # Fast: self-attention, text and image. Exact: speech, and where people are told apart their map.
    assert found["FusedSDPA fast"] == 3 * BLOCKS
    assert found["FusedSDPA None"] == BLOCKS + (FORWARDS - SILENT) * LAYERS
    # Query and key of the video; of speech where people are told apart.
    assert found["apply_rotary_pos_emb"] == 2 * BLOCKS + 2 * (FORWARDS - SILENT) * LAYERS
    assert found["mark_step"] == BLOCKS + len(REQUESTS) * STEPS
    assert found["synchronize"] == len(REQUESTS) * STEPS


def test_lazy_mode_records_blocks_with_speech_and_with_silence_once() -> None:
    with gaudi(lazy=True) as backend:
        _denoised(backend, compiled=True)
        found = counted()
    assert found["wrap_in_hpu_graph"] == found["record_hpu_graph"] == 2 * LAYERS
    assert found["replay_hpu_graph"] == BLOCKS - 2 * LAYERS
    assert found["mark_step"] == BLOCKS + len(REQUESTS) * STEPS


def test_eager_mode_compiles_a_graph_for_speech_and_one_for_silence() -> None:
    with gaudi(lazy=False) as backend:
        _denoised(backend, compiled=True)
        found = counted()
    assert found["compile_graph"] == 2
    assert found["mark_step"] == 0


def test_the_device_computes_no_64_bit_or_complex_numbers_and_is_never_read_back() -> None:
    """A device without storage computes shapes and types alone; asking it for a number is an error."""
    with fake_habana.installed(), DeviceNumbers() as device:
        backend = HpuBackend(load_habana(), torch.device("meta"), dtype=torch.float32)
        denoiser = ChunkDenoiser(tiny_transformer().to("meta"), single_runtime(backend))
        latents = [denoiser.run(request, SingleGate(lambda _: None)) for request in REQUESTS]
    assert [one.shape for one in latents] == [request.noise.shape for request in REQUESTS]
    assert device.operations > 1000
