"""Graphs as the vendor's package makes them: recorded for lazy mode, compiled for the other one."""

from collections.abc import Callable
from functools import cache
from typing import Any

from torch import Tensor, fx
from torch._dynamo import register_backend
from torch.fx.experimental.proxy_tensor import make_fx

from tests.devices.fake_habana.recording import record


def replayed(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Run `forward` once for every shape of its arguments; later calls run what was recorded then.

    A recording keeps the first arguments and the result: it is fed by overwriting the former, and returns the
    latter. Every other tensor it read is the one of the first call for good.
    """
    recordings: dict[Any, tuple[tuple[Tensor, ...], Tensor, fx.GraphModule]] = {}

    def call(*arguments: Tensor) -> Tensor:
        key = tuple((argument.shape, argument.stride(), argument.dtype) for argument in arguments)
        if key not in recordings:
            graph = make_fx(forward)(*arguments)
            recordings[key] = (arguments, graph(*arguments), graph)
            record("record_hpu_graph")
            return recordings[key][1]
        inputs, output, graph = recordings[key]
        for own, given in zip(inputs, arguments, strict=True):
            own.copy_(given)
        record("replay_hpu_graph")
        return output.copy_(graph(*inputs))

    return call


@cache
def register_compiler() -> None:
    """Register "hpu_backend" for torch.compile, as importing the vendor's package does."""

    def hpu_backend(graph: fx.GraphModule, inputs: list[Any]) -> Callable[..., Any]:
        record("compile_graph")
        return graph.forward

    register_backend(hpu_backend)
