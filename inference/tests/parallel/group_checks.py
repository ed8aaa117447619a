"""What the ranks of the group tests do: exchanges of tensors that the test process compares."""

from typing import Any

import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks


def exchange_sequence(ranks: Ranks, payload: dict[str, Tensor]) -> dict[str, Any]:
    """Shard, trade tokens for heads and back, gather, and compare extremes."""
    mesh = open_mesh(CpuBackend(), ranks, ulysses_size=ranks.size)
    group, x = mesh.sequence, payload["x"]
    length = x.shape[1]
    own = group.shard(x)
    heads, half = group.scatter_heads(own, own.bfloat16(), length=length)
    shares = torch.tensor([float(ranks.rank), float(-ranks.rank)])
    result = {
        "own": own,
        "heads": heads,
        "half": half,
        "alone": group.scatter_heads(own, length=length),
        "back": group.gather(group.gather_heads(heads), length=length),
        "last": group.gather(group.shard(x, dim=-1), dim=-1, length=x.shape[-1]),
        "least": group.all_min(shares),
        "most": group.all_max(shares),
        "shares": shares,
    }
    mesh.close()
    return result


def compile_exchange(ranks: Ranks, payload: Tensor) -> dict[str, Any]:
    """Compile a function with every exchange in it to one graph, and run it and the function itself."""
    mesh = open_mesh(CpuBackend(), ranks, ulysses_size=ranks.size)
    group = mesh.sequence

    def mix(x: Tensor) -> tuple[Tensor, Tensor]:
        heads, again = group.scatter_heads(x, 2 * x, length=5)
        tokens = group.gather_heads(heads.softmax(dim=1) + again)
        spread = group.all_max(tokens) - group.all_min(tokens)
        return tokens, group.gather(spread, length=5)

    own = group.shard(payload)
    compiled = torch.compile(mix, backend="aot_eager", fullgraph=True)
    result = {"compiled": compiled(own), "plain": mix(own)}
    mesh.close()
    return result


def refuse_heads(ranks: Ranks, payload: Tensor) -> str:
    """Try to share heads that the ranks do not divide."""
    mesh = open_mesh(CpuBackend(), ranks, ulysses_size=ranks.size)
    text = ""
    try:
        mesh.sequence.scatter_heads(payload)
    except ValueError as error:
        text = str(error)
    mesh.close()
    return text


def exchange_branches(ranks: Ranks, payload: dict[str, Any]) -> dict[str, Any]:
    """Compute each branch of a step on its rank, and sum over the tokens' group as a check of the grid."""
    mesh = open_mesh(CpuBackend(), ranks, ulysses_size=payload["ulysses"], guidance_size=payload["guidance"])
    branches: list[Tensor] = payload["branches"]
    counts = range(1, len(branches) + 1)
    collected = [
        mesh.guidance.collect([branches[index] for index in mesh.guidance.share(count)], count)
        for count in counts
    ]
    here = torch.tensor([[float(ranks.rank)]])
    neighbours = mesh.sequence.gather(here).flatten().tolist()
    mesh.close()
    return {
        "collected": collected,
        "shares": [mesh.guidance.share(count) for count in counts],
        "neighbours": neighbours,
    }
