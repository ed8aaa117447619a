"""The forward of Wan's diffusion transformer on the module tree of diffusers."""

from collections.abc import Callable
from contextlib import closing, nullcontext
from typing import Any, ClassVar

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from polyreel_inference.diffusion.memory.block_placement import BlockPlacement
from polyreel_inference.diffusion.transformer.block import BlockExtension, modulated_norm, run_block
from polyreel_inference.diffusion.transformer.context import Context
from polyreel_inference.diffusion.transformer.rotary import Grid, RotaryTables
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.step_cache import BranchCache


class WanTransformer(WanTransformer3DModel):
    """Wan 2.1 and 2.2 (14B and 1.3B): built from diffusers' config, with the same state dict.

    Only the submodules are diffusers'; the forward is this class's own, so that it can be sharded over
    ranks, extended and run in mixed precision on every backend. `block_function` is `run_block` or a
    compiled form of it; `block_placement` brings the blocks where not all of them stay on the device.
    """

    # Small parts that stay in float32: the time path, norms, modulation, and both ends of the model.
    float32_parts: ClassVar[tuple[str, ...]] = (
        "patch_embedding",
        "condition_embedder.time_embedder",
        "condition_embedder.time_proj",
        "condition_embedder.image_embedder.norm1",
        "condition_embedder.image_embedder.norm2",
        "norm2",
        "scale_shift_table",
        "proj_out",
    )
    block_function: Callable[..., Tensor] = staticmethod(run_block)
    block_placement: BlockPlacement | None = None
    _rotary: RotaryTables | None = None

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        text: Tensor,
        image: Tensor | None = None,
        *,
        runtime: Runtime,
        cache: BranchCache | None = None,
    ) -> Tensor:
        """Return the velocity, float32 [batch, 16, T, h, w], at latents [batch, in channels, T, h, w].

        `timestep` is float [batch] or [1] in 0..1000, `text` [batch, 512, text size] with zeros after the
        prompt, `image` [batch, 257 (one image) or 514 (first and last), 1280] or None.
        """
        context = self.embed(text, image, runtime=runtime, keep=False)
        return self.denoise(latents, timestep, context, runtime=runtime, cache=cache)

    def embed(self, text: Tensor, image: Tensor | None, *, runtime: Runtime, keep: bool = True) -> Context:
        """Bring encoder states of one branch to the model's size, once per request."""
        device, dtype = runtime.backend.device, runtime.backend.dtype
        embedder: Any = self.condition_embedder
        embedded = embedder.text_embedder(text.to(device, dtype))
        if image is None:
            return Context(embedded, None, keep=keep)
        batch, tokens, size = image.shape
        if embedder.image_embedder.pos_embed is not None:
            # diffusers' embedder joins the two images of a first-and-last-frame model by itself.
            image = image.reshape(batch * 2, tokens // 2, size)
        return Context(embedded, embedder.image_embedder(image.to(device, dtype)).to(dtype), keep=keep)

    def time_embedding(self, timestep: Tensor) -> tuple[Tensor, Tensor]:
        """Return float32 [n, model size] for the head and [n, 6, model size] for the blocks."""
        embedder: Any = self.condition_embedder
        frequencies = embedder.timesteps_proj(timestep.float())
        time = embedder.time_embedder(frequencies.to(embedder.time_embedder.linear_1.weight.dtype))
        projected = embedder.time_proj(nn.functional.silu(time).to(embedder.time_proj.weight.dtype))
        return time.float(), projected.float().unflatten(1, (6, -1))

    def denoise(
        self,
        latents: Tensor,
        timestep: Tensor,
        context: Context,
        *,
        runtime: Runtime,
        cache: BranchCache | None = None,
        extension: BlockExtension | None = None,
    ) -> Tensor:
        """Do what `forward` does with a context embedded before; `extension` is what each block adds."""
        sequence, dtype = runtime.mesh.sequence, runtime.backend.dtype
        grid = self.grid(latents)
        x = self._embed_patches(sequence.shard(self._patches(latents, grid))).to(dtype)
        time, modulation = self.time_embedding(timestep)
        if cache is None:
            x = self._run_blocks(x, modulation, grid, context, runtime, extension)
        elif cache.reuse:
            x = x + cache.residual
        else:
            after = self._run_blocks(x, modulation, grid, context, runtime, extension)
            cache.residual = after - x
            x = after
        shift, scale = (self.scale_shift_table.float() + time.unsqueeze(1)).chunk(2, dim=1)
        x = modulated_norm(x.float(), scale, shift, self.norm_out.eps)
        x = self.proj_out(x.to(self.proj_out.weight.dtype)).float()
        return self._unpatchify(sequence.gather(x, length=grid[0] * grid[1] * grid[2]), grid)

    def grid(self, latents: Tensor) -> Grid:
        """Number of patches of latents [..., T, h, w] along time, height and width."""
        steps, height, width = self.config.patch_size
        return (latents.shape[-3] // steps, latents.shape[-2] // height, latents.shape[-1] // width)

    def _run_blocks(
        self,
        x: Tensor,
        modulation: Tensor,
        grid: Grid,
        context: Context,
        runtime: Runtime,
        extension: BlockExtension | None,
    ) -> Tensor:
        if self._rotary is None:
            self._rotary = RotaryTables(self.config.attention_head_dim)
        rotary = self._rotary.of(grid, runtime)
        placement = self.block_placement
        with nullcontext(self.blocks) if placement is None else closing(placement.blocks()) as blocks:
            for index, block in enumerate(blocks):
                keys = context.keys(index, block)
                x = self.block_function(block, x, modulation, rotary, keys, runtime, extension)
                runtime.backend.mark_step()
        return x

    def _patches(self, latents: Tensor, grid: Grid) -> Tensor:
        steps, height, width = self.config.patch_size
        x = latents.reshape(latents.shape[0], -1, grid[0], steps, grid[1], height, grid[2], width)
        return x.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4).flatten(1, 3)

    def _embed_patches(self, patches: Tensor) -> Tensor:
        # A convolution whose stride is its kernel is a linear layer on patches; cuDNN's is slower.
        weight = self.patch_embedding.weight.flatten(1)
        return torch.nn.functional.linear(patches.to(weight.dtype), weight, self.patch_embedding.bias)

    def _unpatchify(self, x: Tensor, grid: Grid) -> Tensor:
        x = x.reshape(x.shape[0], *grid, *self.config.patch_size, -1)
        return x.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6, 7).flatten(4, 5).flatten(2, 3)
