"""Blocks as recorded graphs, on devices that replay what a module did once."""

from collections.abc import Callable, Hashable

from torch import Tensor, nn

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.transformer.block import BlockExtension
from polyreel_inference.diffusion.transformer.context import ContextKeys
from polyreel_inference.diffusion.transformer.rotary import Rotary
from polyreel_inference.diffusion.transformer.runtime import Runtime


class RecordedBlocks:
    """Calls `block_function` by recordings, one for each block and kind of call.

    A recording reads and writes the same memory every time, so arguments and results are copied, and weights
    have to stay where they are. Each keeps its tokens twice; those of another number of tokens are let go.
    """

    def __init__(self, block_function: Callable[..., Tensor], backend: Backend) -> None:
        self._block_function = block_function
        self._backend = backend
        self._size: Hashable = None
        self._recordings: dict[Hashable, Callable[..., Tensor]] = {}

    def __call__(
        self,
        block: nn.Module,
        x: Tensor,
        time: Tensor,
        rotary: Rotary,
        keys: ContextKeys,
        runtime: Runtime,
        extension: BlockExtension | None = None,
    ) -> Tensor:
        """See `run_block`."""
        size = (x.shape, rotary.tokens)
        if size != self._size:
            self._recordings.clear()
            self._size = size
        more = () if extension is None else extension.tensors()
        kind = (id(block), keys.image_key is None, None if extension is None else extension.signature())
        if kind not in self._recordings:
            module = _Call(self._block_function, block, rotary.tokens, runtime, extension)
            self._recordings[kind] = self._backend.compile(module)
        given = (x, time, rotary.cos, rotary.sin, *(key for key in keys if key is not None), *more)
        return self._recordings[kind](*(tensor.clone() for tensor in given)).clone()


class _Call(nn.Module):
    """One call of a block with tensors as its only arguments."""

    def __init__(
        self,
        block_function: Callable[..., Tensor],
        block: nn.Module,
        tokens: int,
        runtime: Runtime,
        extension: BlockExtension | None,
    ) -> None:
        super().__init__()
        self.block = block
        self._block_function = block_function
        self._tokens = tokens
        self._runtime = runtime
        # Of the extension only what does not change from call to call.
        self._extension = extension

    def forward(self, *given: Tensor) -> Tensor:
        """Call the block with x, time, cosines, sines, keys and values, and the extension's tensors."""
        x, time, cos, sin, *rest = given
        more = 0 if self._extension is None else len(self._extension.tensors())
        projected = rest[: len(rest) - more]
        keys = ContextKeys(*projected, *([None] * (len(ContextKeys._fields) - len(projected))))
        extension = self._extension
        if extension is not None:
            extension = extension.reading(tuple(rest[len(projected) :]))
        rotary = Rotary(cos, sin, self._tokens)
        return self._block_function(self.block, x, time, rotary, keys, self._runtime, extension)
