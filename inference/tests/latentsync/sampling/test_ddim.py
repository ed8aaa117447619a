"""The schedule and its steps against diffusers' DDIM in the settings of the original."""

import pytest
import torch
from diffusers import DDIMScheduler

from polyreel_inference.engines.latentsync.sampling.ddim import DdimSchedule


def _theirs(steps: int) -> DDIMScheduler:
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    scheduler.set_timesteps(steps)
    return scheduler


def test_twenty_steps_fall_from_951_to_1() -> None:
    assert DdimSchedule.of(20).timesteps.tolist() == list(range(951, 0, -50))


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20, 30, 50, 999])
def test_every_step_equals_diffusers(steps: int) -> None:
    scheduler, schedule = _theirs(steps), DdimSchedule.of(steps)
    latents, noise = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(steps)).split(1)
    assert schedule.timesteps.tolist() == scheduler.timesteps.tolist()
    for index, timestep in enumerate(scheduler.timesteps):
        expected = scheduler.step(noise, timestep, latents).prev_sample
        torch.testing.assert_close(schedule.step(index, latents, noise), expected, rtol=1e-5, atol=1e-5)


def test_a_thousand_steps_begin_at_the_last_one_trained() -> None:
    schedule = DdimSchedule.of(1000)
    assert schedule.timesteps[[0, -1]].tolist() == [1000.0, 1.0]
    assert schedule.kept[0] == schedule.kept[1]


@pytest.mark.parametrize("steps", [0, -1, 1001])
def test_refuses_other_numbers(steps: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 1000"):
        DdimSchedule.of(steps)
