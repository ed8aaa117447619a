"""Compiling the block: one graph serves all blocks, as they differ in their weights alone."""

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.memory.block_placement import ResidentBlocks
from polyreel_inference.diffusion.transformer.recorded_blocks import RecordedBlocks
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer


def compile_blocks(transformer: WanTransformer, backend: Backend) -> None:
    """Run every block of `transformer` through one compiled function, the way that pays on the device.

    The first forward compiles once, a forward of another number of tokens a second time for all sizes.
    Blocks may be offloaded: their weights are arguments of the compiled function. Devices that replay modules
    instead (Gaudi in lazy mode) need the weights in one place: there, blocks that move raise `ValueError`.
    """
    if backend.replays_modules:
        if not isinstance(transformer.block_placement, ResidentBlocks | None):
            raise ValueError(
                "In lazy mode, Gaudi replays recorded blocks, whose weights cannot move: leave the compiling,"
                " or the offloading or spreading of blocks, out, or set PT_HPU_LAZY_MODE=0."
            )
        transformer.block_function = RecordedBlocks(transformer.block_function, backend)
        return
    transformer.block_function = backend.compile(transformer.block_function)
