"""The transformer whose blocks the ranks hold together: the same velocity, also after a rank has failed."""

import gc
from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.memory.sharded_blocks import ShardedBlocks
from polyreel_inference.diffusion.transformer.block import run_block
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.parallel.errors import RankFailed
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.diffusion.tracing_backend import TracingBackend
from tests.infinitetalk.transformer.tiny_transformer import (
    Size,
    single_runtime,
    tiny_transformer,
    velocity_of,
)
from tests.parallel.rank_runner import run_ranks

PEOPLE = 2
SIZE: Size = (3, 6, 10)


@pytest.fixture(scope="module")
def alone() -> Tensor:
    return velocity_of(tiny_transformer(), single_runtime(), PEOPLE, SIZE)


def velocity(ranks: Ranks, compiled: bool) -> Tensor:
    """Return the velocity as this rank sees it."""
    backend = TracingBackend() if compiled else CpuBackend()
    mesh = open_mesh(backend, ranks, ranks.size, shared_weights=True)
    model = _sharded(mesh)
    if compiled:
        compile_blocks(model, backend)
    result = velocity_of(model, Runtime(backend, mesh), PEOPLE, SIZE)
    mesh.close()
    return result


def fail_and_recover(ranks: Ranks, failing: int) -> Any:
    """Let rank `failing` fail in the second block of the first job; the leader tells how both jobs ended.

    What is left of the failure goes in the second block of the second job, as a collection of garbage may
    come at any time.
    """
    backend = CpuBackend()
    kept: list[BaseException] = []
    mesh = open_mesh(backend, ranks, ranks.size, shared_weights=True)
    model = _sharded(mesh)

    def work(fails: bool, gate: Gate) -> Tensor:
        gate.step(0)
        calls = 0

        def block_function(*arguments: Any) -> Tensor:
            nonlocal calls
            calls += 1
            if fails and calls == 2 and ranks.rank == failing:
                kept.append(ArithmeticError("no such number"))
                raise kept[0]
            if calls == 2:
                kept.clear()
                gc.collect()
            return run_block(*arguments)

        model.block_function = block_function
        return velocity_of(model, Runtime(backend, mesh), PEOPLE, SIZE)

    team = Team(mesh, backend, work)
    if not ranks.is_leader:
        team.follow()
        team.close()
        return None
    failure = None
    try:
        team.run(True, lambda _: None)
    except (ArithmeticError, RankFailed) as error:
        failure = str(error)
    again = team.run(False, lambda _: None)
    team.close()
    return failure, again


def _sharded(mesh: Mesh) -> InfiniteTalkTransformer:
    model = tiny_transformer()
    sharded = ShardedBlocks(mesh.weights, torch.device("cpu"))
    for block in model.blocks:
        sharded.take(block)
    model.block_placement = sharded
    return model


@pytest.mark.parametrize(("count", "compiled"), [(2, False), (4, False), (2, True)])
def test_every_rank_gets_the_velocity_of_one_rank(count: int, compiled: bool, alone: Tensor) -> None:
    for result in run_ranks(count, f"{__name__}:velocity", compiled):
        torch.testing.assert_close(result, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("failing", [0, 1])
def test_weights_can_be_gathered_again_after_a_rank_has_failed(failing: int, alone: Tensor) -> None:
    (failure, again), followed = run_ranks(2, f"{__name__}:fail_and_recover", failing)
    assert followed is None
    assert "no such number" in failure
    torch.testing.assert_close(again, alone, rtol=0, atol=1e-5)
