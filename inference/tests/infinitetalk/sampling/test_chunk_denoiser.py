"""Denoising of one chunk: its formulas step by step, what every part of a request does, the step cache."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.parallel.gate import SingleGate
from tests.infinitetalk.sampling.chunk_requests import CACHED, chunk_request
from tests.infinitetalk.transformer.tiny_transformer import (
    masks,
    random_numbers,
    single_runtime,
    tiny_transformer,
    windows,
)


class Counting(InfiniteTalkTransformer):
    """Counts how often the blocks are run; forwards that reuse a step do not run them."""

    runs = 0

    def _run_blocks(self, *arguments: Any) -> Tensor:
        self.runs += 1
        return super()._run_blocks(*arguments)


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return single_runtime()


@pytest.fixture(scope="module")
def model() -> InfiniteTalkTransformer:
    return tiny_transformer()


@pytest.fixture(scope="module")
def denoiser(model: InfiniteTalkTransformer, runtime: Runtime) -> ChunkDenoiser:
    return ChunkDenoiser(model, runtime)


def run(denoiser: ChunkDenoiser, request: ChunkRequest) -> Tensor:
    return denoiser.run(request, SingleGate(lambda _: None))


@torch.no_grad()
def written_out(model: InfiniteTalkTransformer, runtime: Runtime, request: ChunkRequest) -> Tensor:
    """The three branches of two people with every formula in its place."""
    assert request.negative_text is not None
    speech = model.speech(request.windows, request.masks, runtime=runtime)
    silence = model.silence(request.windows.shape[1], runtime=runtime)
    image = request.image[None]
    prompt = model.embed(request.text[None], image, runtime=runtime)
    negative = model.embed(request.negative_text[None], image, runtime=runtime)
    times = torch.linspace(1000, 1, 3, dtype=torch.float64) / 1000
    levels = [7 * float(time) / (1 + 6 * float(time)) for time in times] + [0.0]
    known = request.motion.shape[1]
    x = request.noise[None].clone()
    for now, following in pairwise(levels):
        x[:, :, :known] = request.motion
        seen, time = torch.cat([x, request.condition[None]], dim=1), torch.tensor([1000 * now])
        c = model.velocity(seen, time, prompt, speech, runtime=runtime)
        d = model.velocity(seen, time, negative, speech, runtime=runtime)
        u = model.velocity(seen, time, negative, silence, runtime=runtime)
        x = x - (u + 5 * (c - d) + 4 * (d - u)) * (now - following)
        x[:, :, :known] = request.motion
    return x[0]


@pytest.mark.parametrize(("people", "motion"), [(1, 1), (2, 2)])
def test_steps_follow_the_formulas(
    model: InfiniteTalkTransformer, runtime: Runtime, denoiser: ChunkDenoiser, people: int, motion: int
) -> None:
    request = chunk_request((3, 4, 8), people, motion)
    found = run(denoiser, request)
    torch.testing.assert_close(found, written_out(model, runtime, request), rtol=0, atol=2e-5)


def test_a_chunk_begins_with_the_motion_it_was_given(denoiser: ChunkDenoiser) -> None:
    request = chunk_request((3, 4, 8), motion=2)
    latents = run(denoiser, request)
    assert torch.equal(latents[:, :2], request.motion)
    assert not torch.equal(latents[:, 2], request.noise[:, 2])


def test_a_request_is_not_changed_and_gives_the_same_again(denoiser: ChunkDenoiser) -> None:
    request = chunk_request()
    noise = request.noise.clone()
    assert torch.equal(run(denoiser, request), run(denoiser, request))
    assert torch.equal(request.noise, noise)


CHANGES: dict[str, dict[str, Any]] = {
    "noise": {"noise": random_numbers(16, 2, 4, 8, seed=50)},
    "motion": {"motion": random_numbers(16, 1, 4, 8, seed=50)},
    "condition": {"condition": random_numbers(20, 2, 4, 8, seed=50)},
    "image": {"image": random_numbers(9, 16, seed=50)},
    "text": {"text": random_numbers(6, 16, seed=50)},
    "negative text": {"negative_text": random_numbers(6, 16, seed=50)},
    "speech": {"windows": windows(2, 2, seed=50)},
    "masks": {"masks": masks(2, 2, 4).roll(1, dims=0)},
}
SAMPLINGS: dict[str, dict[str, Any]] = {
    "steps": {"steps": 2},
    "shift": {"shift": 3.0},
    "text scale": {"text_scale": 3.0},
    "audio scale": {"audio_scale": 2.0},
    "projection": {"projection": ProjectionSettings()},
    "cache": {"steps": 8, **CACHED},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_part_of_a_request_acts(denoiser: ChunkDenoiser, name: str) -> None:
    request = chunk_request(people=2)
    changed = run(denoiser, replace(request, **CHANGES[name]))
    assert not torch.allclose(changed[:, 1:], run(denoiser, request)[:, 1:], atol=1e-4)


@pytest.mark.parametrize("name", SAMPLINGS)
def test_every_setting_acts(denoiser: ChunkDenoiser, name: str) -> None:
    usual = {"steps": SAMPLINGS[name]["steps"]} if name == "cache" else {}
    changed = run(denoiser, chunk_request(**SAMPLINGS[name]))
    assert not torch.allclose(changed, run(denoiser, chunk_request(**usual)), atol=1e-4)


@pytest.mark.parametrize(
    ("scales", "forwards"), [((5.0, 4.0), 9), ((1.0, 2.0), 6), ((3.0, 1.0), 6), ((1.0, 1.0), 3)]
)
def test_forwards_are_no_more_than_needed(
    runtime: Runtime, scales: tuple[float, float], forwards: int
) -> None:
    model = tiny_transformer()
    model.__class__ = Counting
    assert isinstance(model, Counting)
    run(ChunkDenoiser(model, runtime), chunk_request(text_scale=scales[0], audio_scale=scales[1]))
    assert model.runs == forwards


def test_the_step_cache_saves_the_same_steps_in_every_branch(runtime: Runtime) -> None:
    model = tiny_transformer()
    model.__class__ = Counting
    assert isinstance(model, Counting)
    run(ChunkDenoiser(model, runtime), chunk_request(steps=8, **CACHED))
    # The first five steps are always computed.
    assert model.runs % 3 == 0
    assert 3 * 5 <= model.runs < 3 * 8


def test_a_low_threshold_saves_nothing(denoiser: ChunkDenoiser) -> None:
    cached: dict[str, Any] = CACHED | {"step_cache_threshold": 1e-9}
    torch.testing.assert_close(
        run(denoiser, chunk_request(steps=7, **cached)), run(denoiser, chunk_request(steps=7))
    )


def test_what_a_branch_lacks_is_told(denoiser: ChunkDenoiser) -> None:
    with pytest.raises(ValueError, match="negative text"):
        run(denoiser, replace(chunk_request(), negative_text=None))
    with pytest.raises(ValueError, match="coefficients"):
        run(denoiser, chunk_request(step_cache_threshold=0.2))


def test_the_gate_is_passed_before_each_step_and_ends_the_chunk(denoiser: ChunkDenoiser) -> None:
    passed: list[int] = []

    def check(done: int) -> None:
        passed.append(done)
        if done == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        denoiser.run(chunk_request(), SingleGate(check))
    assert passed == [0, 1]
