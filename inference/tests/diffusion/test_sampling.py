"""Noise levels and samplers."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor

from polyreel_inference.diffusion.sampling.euler import EulerSampler
from polyreel_inference.diffusion.sampling.flow_schedule import (
    distilled_schedule,
    even_schedule,
    full_schedule,
    reshifted,
    shifted,
)
from polyreel_inference.diffusion.sampling.sampler import open_sampler
from polyreel_inference.diffusion.sampling.unipc import UniPCSampler
from tests.diffusion.tiny_models import random_numbers


def _diffusers(steps: int, shift: float) -> UniPCMultistepScheduler:
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
    )
    scheduler.set_timesteps(steps)
    return scheduler


@pytest.mark.parametrize(("steps", "shift"), [(1, 8.0), (2, 1.0), (20, 3.0), (40, 5.0), (50, 8.0)])
def test_full_schedule_is_that_of_diffusers(steps: int, shift: float) -> None:
    schedule, reference = full_schedule(steps, shift), _diffusers(steps, shift)
    assert schedule.steps == steps
    assert torch.equal(schedule.sigmas, reference.sigmas)
    assert torch.equal(schedule.timesteps, reference.timesteps.float())


def test_four_distilled_steps_are_exact() -> None:
    schedule = distilled_schedule(4, 5.0)
    assert schedule.sigmas.tolist() == torch.tensor([1.0, 0.9375, 5 / 6, 0.625, 0.0]).tolist()
    assert schedule.timesteps.tolist() == torch.tensor([1000.0, 937.5, 2500 / 3, 625.0]).tolist()


def test_other_numbers_of_distilled_steps_are_spread_evenly() -> None:
    # Without a shift the levels are the training steps 1000, 667 and 333 themselves.
    assert distilled_schedule(3, 1.0).timesteps.tolist() == [1000.0, 667.0, 333.0]
    assert distilled_schedule(1, 5.0).sigmas.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("steps", "shift"), [(1, 7.0), (4, 2.0), (40, 7.0), (40, 11.0)])
def test_even_levels_are_those_diffusers_makes_of_them(steps: int, shift: float) -> None:
    scheduler: Any = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=np.linspace(1, 0.001, steps))
    schedule = even_schedule(steps, shift)
    torch.testing.assert_close(schedule.sigmas, scheduler.sigmas)
    torch.testing.assert_close(schedule.timesteps, scheduler.timesteps)


def test_even_levels_end_where_the_model_was_trained_to() -> None:
    schedule = even_schedule(40, 7.0)
    assert schedule.sigmas[0] == 1
    assert schedule.sigmas[-2] == pytest.approx(0.00696, abs=1e-5)
    assert schedule.sigmas[-1] == 0


def test_euler_reaches_the_video_after_the_last_step() -> None:
    """A straight flow from noise to a video: every velocity is noise - video."""
    video, noise = random_numbers(1, 2, 3, seed=1), random_numbers(1, 2, 3, seed=2)
    sampler = EulerSampler(distilled_schedule(4, 5.0))
    x = noise
    for index in range(4):
        x = sampler.step(noise - video, index, x)
        sigma = sampler.schedule.sigmas[index + 1]
        torch.testing.assert_close(x, (1 - sigma) * video + sigma * noise, rtol=0, atol=1e-6)
    torch.testing.assert_close(x, video, rtol=0, atol=1e-6)


def _velocity(x: Tensor, timestep: Tensor) -> Tensor:
    return torch.tanh(x) * (timestep / 1000) - 0.3 * x


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_unipc_walks_as_diffusers_does(steps: int) -> None:
    ours, reference = UniPCSampler(full_schedule(steps, 3.0)), _diffusers(steps, 3.0)
    x = y = random_numbers(1, 4, 2, 3, 3, seed=3)
    for index, timestep in enumerate(reference.timesteps):
        x = ours.step(_velocity(x, ours.schedule.timesteps[index]), index, x)
        y = reference.step(_velocity(y, timestep), timestep, y, return_dict=False)[0]
        torch.testing.assert_close(x, y, rtol=0, atol=1e-6)
    assert torch.isfinite(x).all()


def test_samplers_are_chosen_by_name() -> None:
    assert isinstance(open_sampler("unipc", 4, 3.0), UniPCSampler)
    assert isinstance(open_sampler("distilled", 4, 5.0), EulerSampler)


@pytest.mark.parametrize(("before", "after"), [(5.0, 16.0), (5.0, 5.0), (3.0, 0.5)])
def test_levels_move_from_one_shift_to_another(before: float, after: float) -> None:
    levels = np.linspace(0, 1, 11)

    moved = [reshifted(level, before, after) for level in shifted(levels, before)]

    np.testing.assert_allclose(moved, shifted(levels, after), atol=1e-12)
