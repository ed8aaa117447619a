"""The block as a compiler sees it: one graph without breaks, shared by all blocks and sizes."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.attention.cudnn import CudnnAttention
from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.attention.sdpa import SdpaAttention
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.memory.block_placement import StreamedBlocks
from polyreel_inference.diffusion.memory.flat_layout import Buffers
from polyreel_inference.diffusion.memory.uploads import InlineUploads
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.parallel.mesh import Mesh
from tests.diffusion.tiny_models import image_states, our_transformer, random_numbers, text_states
from tests.diffusion.tracing_backend import TracingBackend


class CountedUploads(InlineUploads):
    """Copies at once, and counts how often."""

    started = 0

    def start(self, slot: int, source: Buffers, target: Buffers) -> None:
        self.started += 1
        super().start(slot, source, target)


@pytest.fixture(autouse=True)
def _forget_graphs() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def _forward(
    transformer: WanTransformer, backend: CpuBackend, kind: str, size: tuple[int, int, int]
) -> Tensor:
    latents = random_numbers(1, transformer.config.in_channels, *size, seed=1)
    runtime = Runtime(backend, Mesh.single())
    with torch.inference_mode():
        velocity: Tensor = transformer(
            latents, torch.tensor([500.0]), text_states(2), image_states(kind, 3), runtime=runtime
        )
    return velocity


@pytest.mark.parametrize(("kind", "kernel"), [("t2v", SdpaAttention), ("i2v", CudnnAttention)])
def test_all_blocks_and_sizes_share_two_graphs(kind: str, kernel: type[AttentionKernel]) -> None:
    plain, compiled, backend = our_transformer(kind), our_transformer(kind), TracingBackend(kernel())
    compile_blocks(compiled, backend)
    for size in [(1, 4, 4), (2, 4, 6), (3, 8, 4), (1, 4, 4)]:
        expected = _forward(plain, CpuBackend(), kind, size)
        torch.testing.assert_close(_forward(compiled, backend, kind, size), expected, atol=1e-5, rtol=1e-5)
    # One for the first size, one for sizes in general.
    assert backend.graphs == 2


def test_offloaded_blocks_share_the_graph() -> None:
    plain, compiled, backend = our_transformer("t2v"), our_transformer("t2v"), TracingBackend()
    uploads = CountedUploads()
    compiled.block_placement = StreamedBlocks(list(compiled.blocks), backend.device, uploads=uploads)
    compile_blocks(compiled, backend)
    expected = _forward(plain, CpuBackend(), "t2v", (1, 4, 4))
    for _ in range(3):
        torch.testing.assert_close(
            _forward(compiled, backend, "t2v", (1, 4, 4)), expected, atol=1e-5, rtol=1e-5
        )
    assert backend.graphs == 1
    assert uploads.started >= len(compiled.blocks)
