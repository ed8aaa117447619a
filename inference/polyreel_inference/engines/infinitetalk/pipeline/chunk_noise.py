"""The random numbers of a take."""

import torch
from torch import Tensor


class ChunkNoise:
    """Draws the noise of one chunk after another from one seed, on the CPU, as the authors' pipeline does.

    That one draws more than it uses: noise for the frames a chunk begins with, in whose place it then puts
    clean ones. Leaving these numbers out would give every chunk after the second another noise.
    """

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def draw(self, shape: tuple[int, ...], motion_latents: int, steps: int, *, first: bool) -> Tensor:
        """Return the noise of the next chunk, float32 of `shape` (16, T, h, w).

        The chunk begins with `motion_latents` latent frames and takes `steps` denoising steps.
        """
        noise = torch.randn(shape, generator=self._generator)
        if not first:
            motion = (shape[0], motion_latents, *shape[2:])
            for _ in range(1 + steps):
                torch.randn(motion, generator=self._generator)
        return noise
