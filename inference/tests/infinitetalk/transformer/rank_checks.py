"""What the ranks of `test_ranks` do: the same velocities, shared."""

import torch
from torch import Tensor

from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks
from tests.diffusion.tracing_backend import TracingBackend
from tests.infinitetalk.transformer.tiny_transformer import Size, tiny_transformer, velocity_of

CASES: tuple[tuple[int, Size], ...] = (
    (1, (2, 4, 8)),  # 16 tokens, which 2 and 4 ranks divide
    (2, (2, 4, 8)),
    (0, (3, 6, 10)),  # 45 tokens: slices begin and end within frames, and the last one is padded
    (2, (3, 6, 10)),
    (3, (3, 6, 10)),
    (1, (1, 2, 10)),  # 5 tokens, of which the last of 4 ranks has none
    (2, (1, 2, 10)),
)
"""Number of speakers (0: silence) and size of the latents."""
HARDEST = 3
"""The case with everything in it: several speakers, and slices that are no whole frames."""


def velocities(ranks: Ranks, compiled: bool) -> list[Tensor]:
    """Return the velocities of all cases, compiled only of the hardest one, as this rank sees them."""
    backend = TracingBackend() if compiled else open_backend("cpu")
    mesh = open_mesh(backend, ranks, ulysses_size=ranks.size)
    torch.set_num_threads(1)
    model, runtime = tiny_transformer(), Runtime(backend, mesh)
    if compiled:
        compile_blocks(model, backend)
    cases = [CASES[HARDEST]] if compiled else CASES
    results = [velocity_of(model, runtime, people, size) for people, size in cases]
    mesh.close()
    return results
