"""The plan of reused steps, and a forward that follows it."""

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.sampling.flow_schedule import full_schedule
from polyreel_inference.diffusion.transformer.step_cache import (
    BranchCache,
    StepCache,
    plan_reuse,
    relative_changes,
)
from polyreel_inference.parallel.gate import SingleGate
from tests.diffusion.tiny_models import our_transformer, random_numbers, single_runtime, text_states


def test_changes_are_relative_to_the_step_before() -> None:
    embeddings = torch.tensor([[1.0, -1.0], [1.5, -1.5], [1.5, -1.5], [0.0, 3.0]])
    torch.testing.assert_close(relative_changes(embeddings), torch.tensor([0.5, 0.0, 2.0]))


def test_changes_add_up_until_the_threshold() -> None:
    """The rule written out once more, with numpy's polynomial."""
    changes, coefficients, threshold = random_numbers(29, seed=1).abs() * 0.1, (2.0, -0.5, 1.0, 0.01), 0.15
    expected, distance = [False], 0.0
    for step, change in enumerate(changes.tolist(), start=1):
        distance = distance + np.poly1d(coefficients)(change) if step >= 5 else 0.0
        expected.append(step >= 5 and distance < threshold)
        distance = distance if expected[-1] else 0.0
    assert plan_reuse(changes, threshold, coefficients) == expected
    assert 5 < sum(expected) < 24


def test_the_first_steps_are_always_computed() -> None:
    assert plan_reuse(torch.zeros(7), 0.1, (1.0, 0.0)) == [False] * 5 + [True] * 3


def test_a_branch_reuses_its_own_residual() -> None:
    cache = StepCache([False, True])
    for index in range(2):
        cache.branch(index, 0).residual = torch.tensor(float(index))
    for index in range(2):
        branch = cache.branch(index, 1)
        assert branch.reuse
        assert branch.residual.item() == index


def test_nothing_can_be_reused_before_the_first_step() -> None:
    with pytest.raises(RuntimeError, match="before it has seen one"):
        _ = BranchCache(reuse=True).residual


def _request(threshold: float) -> DenoiseRequest:
    return DenoiseRequest(
        text=text_states(1)[0],
        negative_text=text_states(2)[0],
        shape=(16, 2, 4, 4),
        seed=3,
        steps=12,
        shift=3.0,
        guidance_scale=4.0,
        step_cache_threshold=threshold,
    )


def _denoise(threshold: float) -> tuple[Tensor, int]:
    """Return the latents and the number of forwards that ran the blocks."""
    runs = 0

    def count(*_: object) -> None:
        nonlocal runs
        runs += 1

    model = our_transformer("t2v")
    model.blocks[0].ffn.register_forward_hook(count)
    denoiser = Denoiser([model], single_runtime(), step_cache_coefficients=(1.0, 0.0))
    return denoiser.run(_request(threshold), SingleGate(lambda _: None)), runs


def test_denoising_skips_the_planned_steps_in_both_branches() -> None:
    model = our_transformer("t2v")
    _, modulations = model.time_embedding(full_schedule(12, 3.0).timesteps)
    changes = relative_changes(modulations.detach())
    threshold = float(changes[4:].sum()) / 3
    computed = 12 - sum(plan_reuse(changes, threshold, (1.0, 0.0)))
    exact, all_runs = _denoise(0.0)
    cached, runs = _denoise(threshold)
    assert all_runs == 24
    assert runs == 2 * computed
    assert 10 < runs < 24
    difference = (cached - exact).norm() / exact.norm()
    assert 1e-6 < difference < 0.1


def test_a_threshold_too_small_for_any_step_changes_nothing() -> None:
    exact, _ = _denoise(0.0)
    cached, runs = _denoise(1e-9)
    assert runs == 24
    assert torch.equal(cached, exact)


def test_a_model_without_coefficients_refuses_the_cache() -> None:
    denoiser = Denoiser([our_transformer("t2v")], single_runtime())
    with pytest.raises(ValueError, match="threshold has to be 0"):
        denoiser.run(_request(0.1), SingleGate(lambda _: None))
