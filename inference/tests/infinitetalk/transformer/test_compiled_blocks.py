"""Blocks with speech as a compiler sees them: graphs without breaks, shared by all blocks."""

from collections.abc import Iterator

import pytest
import torch

from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from tests.diffusion.tracing_backend import TracingBackend
from tests.infinitetalk.transformer.tiny_transformer import single_runtime, tiny_transformer, velocity_of


@pytest.fixture(autouse=True)
def _forget_graphs() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def test_one_graph_for_a_speaker_and_one_for_several_serve_all_blocks_and_chunks() -> None:
    plain, compiled, backend = tiny_transformer(), tiny_transformer(), TracingBackend()
    compile_blocks(compiled, backend)
    graphs: list[int] = []
    for people in (1, 2, 0, 1, 2):
        expected = velocity_of(plain, single_runtime(), people, (2, 4, 6))
        result = velocity_of(compiled, single_runtime(backend), people, (2, 4, 6))
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)
        graphs.append(backend.graphs)

    assert graphs == [1, 2, 2, 2, 2]
