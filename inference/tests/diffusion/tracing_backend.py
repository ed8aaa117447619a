"""A device that compiles without a compiler: what is traced is checked, counted and run as it is."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from polyreel_inference.devices.attention.kernel import AttentionKernel
from polyreel_inference.devices.cpu import CpuBackend


class TracingBackend(CpuBackend):
    """Compiles like an accelerator, refuses breaks in the graph, and counts the graphs that were made."""

    def __init__(self, kernel: AttentionKernel | None = None) -> None:
        super().__init__(kernel)
        self.graphs = 0

    def compile(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Callable[..., Any]:
            self.graphs += 1
            return graph.forward

        return torch.compile(function, backend=counted, fullgraph=True)
