"""Exchange of tensors within one group of ranks."""

from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from polyreel_inference.parallel import traced
from polyreel_inference.parallel.errors import CollectiveFailed

# PyTorch 2.13 has given it another name.
_all_gather = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor


class DataGroup:
    """Ranks that exchange tensors of their device. All of them have to make the same calls in the same order.

    The connection behind it can be replaced (`connect`, `disconnect`), so that a group survives a rank that
    failed in the middle. Every method raises `CollectiveFailed` when the connection is closed or breaks.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size
        self._connection: dist.ProcessGroup | None = None
        self._bytes_only = False
        self._number = traced.number_of(self)

    def connect(self, connection: dist.ProcessGroup) -> None:
        """Use this process group from now on."""
        # Gloo knows few number types; moving bytes works for all of them.
        self._bytes_only = dist.get_backend(connection) == "gloo"
        self._connection = connection

    def disconnect(self) -> dist.ProcessGroup | None:
        """Stop using the process group and hand it back to whoever closes it."""
        connection, self._connection = self._connection, None
        return connection

    def all_to_all(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Send slice i of every tensor's first dimension (of length `size`) to rank i; receive in rank order.

        The exchanges of several tensors overlap. Tensors have to be contiguous.
        """
        if torch.compiler.is_compiling():
            exchanged: list[Tensor] = traced.all_to_all(list(parts), self._number)
            return exchanged
        outputs = [torch.empty_like(part) for part in parts]
        pairs = [(self._wire(output), self._wire(part)) for output, part in zip(outputs, parts, strict=True)]
        self._exchange(
            lambda group: [
                dist.all_to_all_single(output, part, group=group, async_op=True) for output, part in pairs
            ]
        )
        return outputs

    def all_gather(self, x: Tensor) -> Tensor:
        """Stack every rank's tensor of the same shape, in rank order: [size, *x.shape]."""
        if torch.compiler.is_compiling():
            gathered: Tensor = traced.all_gather(x, self._number)
            return gathered
        output = x.new_empty((self.size, *x.shape))
        received, sent = self._wire(output).flatten(), self._wire(x.contiguous()).flatten()
        self._exchange(lambda group: [_all_gather(received, sent, group=group, async_op=True)])
        return output

    def all_extreme(self, x: Tensor, *, largest: bool) -> Tensor:
        """Largest or smallest of every rank's tensor of the same shape, element by element; `x` is kept."""
        if torch.compiler.is_compiling():
            extreme: Tensor = traced.all_extreme(x, self._number, largest=largest)
            return extreme
        operation = dist.ReduceOp.MAX if largest else dist.ReduceOp.MIN
        output = x.clone(memory_format=torch.contiguous_format)
        self._exchange(lambda group: [dist.all_reduce(output, operation, group=group, async_op=True)])
        return output

    def start_gather(self, output: Tensor, x: Tensor) -> Callable[[], None]:
        """Begin to join every rank's flat `x` of the same length in the flat `output`, in rank order.

        Device work that was enqueued before still sees the old `output`; work that is enqueued after calling
        what is returned sees the new one.
        """
        # Libraries of collectives know few types of one byte; moving bytes works for all of them.
        sent, received = (
            part.view(torch.uint8) if part.element_size() == 1 else part for part in (x, output)
        )
        pending = self._start(
            lambda group: [
                _all_gather(
                    self._wire(received).flatten(), self._wire(sent).flatten(), group=group, async_op=True
                )
            ]
        )
        return lambda: _finish(pending)

    def _exchange(self, start: Callable[[dist.ProcessGroup], list[dist.Work | None]]) -> None:
        _finish(self._start(start))

    def _start(self, start: Callable[[dist.ProcessGroup], list[dist.Work | None]]) -> list[dist.Work | None]:
        connection = self._connection
        if connection is None:
            raise CollectiveFailed("The connection to the other ranks is closed.")
        try:
            return start(connection)
        except RuntimeError as error:
            failure = str(error)
        # A frame that a traceback keeps would keep the sockets too, and the other ranks would wait on.
        connection = None
        raise CollectiveFailed(f"An exchange with other ranks failed: {failure}")

    def _wire(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1).view(torch.uint8) if self._bytes_only else x


def _finish(pending: list[dist.Work | None]) -> None:
    failure: str | None = None
    work: dist.Work | None = None
    try:
        for work in pending:
            if work is not None:
                work.wait()
    except RuntimeError as error:
        failure = str(error)
    if failure is None:
        return
    # See above; the work holds the sockets as well.
    pending.clear()
    work = None
    raise CollectiveFailed(f"An exchange with other ranks failed: {failure}")
