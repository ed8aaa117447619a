"""Steps that are skipped, beside those the original program skips."""

from typing import get_args

import pytest
import torch

from polyreel_inference.diffusion.transformer.step_cache import StepCache, plan_reuse, relative_changes
from polyreel_inference.engines.infinitetalk.reference.buckets import Resolution
from polyreel_inference.engines.infinitetalk.sampling.step_cache_coefficients import (
    STEP_CACHE_COEFFICIENTS,
    USUAL_THRESHOLD,
)
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import transformer_inputs, values
from tests.infinitetalk.transformer.conftest import LoadTransformer
from tests.infinitetalk.transformer.tiny_transformer import single_runtime

FRAMES = 2
RUNTIME = single_runtime()


def test_the_change_of_the_time_embedding_is_that_of_the_original(transformer: LoadTransformer) -> None:
    numbers = golden("step_cache")
    _, modulations = transformer("single").time_embedding(numbers["timesteps"])

    # Sines of timesteps in float32, where the original takes float64: a difference of neighbours shows it.
    assert_close(relative_changes(modulations), numbers["changes"], tolerance=5e-4)


@pytest.mark.parametrize("resolution", get_args(Resolution))
def test_the_steps_that_are_skipped_are_those_of_the_original(resolution: Resolution) -> None:
    numbers = golden("step_cache")
    computed = numbers[f"computed_{resolution.removesuffix('p')}"].bool()
    changes, coefficients = numbers["changes"], STEP_CACHE_COEFFICIENTS[resolution]
    reused = plan_reuse(changes, numbers[f"threshold_{resolution.removesuffix('p')}"].item(), coefficients)

    for branch in range(computed.shape[1]):
        assert [not reuse for reuse in reused] == computed[:, branch].tolist()
    assert 0 < sum(reused) < len(reused) - 5


@torch.inference_mode()
@pytest.mark.parametrize("resolution", get_args(Resolution))
def test_velocities_of_all_branches_are_those_of_the_original(
    resolution: Resolution, transformer: LoadTransformer
) -> None:
    model, given, numbers = transformer("single"), transformer_inputs("square", 1), golden("step_cache")
    timesteps = numbers["timesteps"]
    plan = plan_reuse(numbers["changes"], USUAL_THRESHOLD, STEP_CACHE_COEFFICIENTS[resolution])
    cache = StepCache(plan)
    contexts = []
    for states in (given.text, values("square negative", 9, 4096)):
        text = torch.zeros(1, 512, states.shape[1])
        text[0, : len(states)] = states
        contexts.append(model.embed(text, given.image[None], runtime=RUNTIME))
    spoken = model.speech(given.speech[:, : 4 * FRAMES - 3], runtime=RUNTIME)
    silent = model.silence(4 * FRAMES - 3, runtime=RUNTIME)
    branches = ((contexts[0], spoken), (contexts[1], spoken), (contexts[1], silent))

    outputs = []
    for step, timestep in enumerate(timesteps):
        latents = given.latents * (1 - step / len(timesteps))
        seen = torch.cat([latents, given.condition])[None, :, :FRAMES]
        velocities = [
            model.velocity(
                seen, timestep[None], context, speech, runtime=RUNTIME, cache=cache.branch(index, step)
            )
            for index, (context, speech) in enumerate(branches)
        ]
        outputs.append(torch.cat(velocities)[..., ::2, 1::2])
    assert_close(torch.stack(outputs[5:]), numbers[f"outputs_{resolution.removesuffix('p')}"])
