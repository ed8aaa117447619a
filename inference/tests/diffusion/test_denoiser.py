"""Whole samplings beside diffusers' pipelines, which know nothing of ours."""

import weakref
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.transformer.context import Context
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.diffusion.vae.streaming_decoder import StreamingDecoder
from polyreel_inference.diffusion.vae.video_encoder import VideoEncoder, image_condition
from polyreel_inference.parallel.gate import SingleGate
from tests.checkpoints.comparison import assert_same_numbers
from tests.checkpoints.kinds import KINDS
from tests.diffusion.reference_pipelines import (
    FRAMES,
    GUIDANCE,
    HEIGHT,
    SEED,
    SHAPE,
    SHIFT,
    STEPS,
    WIDTH,
    reference,
)
from tests.diffusion.tiny_models import (
    image_states,
    our_transformer,
    our_transformer_as,
    random_numbers,
    single_runtime,
    text_states,
    tiny_vae,
)


def _request(**changes: Any) -> DenoiseRequest:
    fields: dict[str, Any] = {
        "text": text_states(1)[0],
        "negative_text": text_states(2)[0],
        "shape": SHAPE,
        "seed": SEED,
        "steps": STEPS,
        "shift": SHIFT,
        "guidance_scale": GUIDANCE,
    }
    return DenoiseRequest(**fields | changes)


def _run(denoiser: Denoiser, request: DenoiseRequest) -> Tensor:
    return denoiser.run(request, SingleGate(lambda _: None))


def _denoiser(kind: str, **options: Any) -> Denoiser:
    experts = [our_transformer(kind, expert) for expert in range(KINDS[kind].experts)]
    return Denoiser(experts, single_runtime(), **options)


def test_text_to_video_equals_diffusers() -> None:
    assert_same_numbers(_run(_denoiser("t2v"), _request()), reference("t2v"))


def test_without_guidance_the_negative_text_does_nothing() -> None:
    denoiser = _denoiser("t2v")
    plain = _run(denoiser, _request(guidance_scale=1.0, negative_text=None))
    assert torch.equal(plain, _run(denoiser, _request(guidance_scale=1.0)))
    assert_same_numbers(plain, reference("t2v", guidance_scale=1.0))


@pytest.mark.parametrize("kind", ["i2v", "flf2v", "i2v-a14b"])
def test_image_to_video_equals_diffusers(kind: str) -> None:
    pictures = random_numbers(KINDS[kind].images or 1, 3, HEIGHT, WIDTH, seed=5).sigmoid()
    states = image_states(kind, 7)
    last = pictures[1] * 2 - 1 if len(pictures) == 2 else None
    encoder = VideoEncoder(tiny_vae(), single_runtime().backend)
    request = _request(
        image=None if states is None else states[0],
        condition=image_condition(encoder, pictures[0] * 2 - 1, FRAMES, last),
        boundary=KINDS[kind].boundary,
    )
    assert_same_numbers(
        _run(_denoiser(kind), request), reference(kind, pictures=pictures, image_states=states)
    )


def test_two_experts_take_over_at_the_boundary() -> None:
    request = _request(boundary=0.875, guidance_scale=3.0, low_noise_guidance_scale=4.0)
    ours = _run(_denoiser("t2v-a14b"), request)
    assert_same_numbers(ours, reference("t2v-a14b", guidance_scale=3.0, guidance_scale_2=4.0))
    swapped = _request(boundary=0.875, guidance_scale=4.0, low_noise_guidance_scale=3.0)
    assert (_run(_denoiser("t2v-a14b"), swapped) - ours).abs().max() > 1e-3


@pytest.mark.parametrize("boundary", [0.875, 0.9])
def test_two_distilled_experts_take_two_steps_each(boundary: float) -> None:
    experts = [our_transformer("t2v-a14b", expert) for expert in range(2)]
    order: list[int] = []
    for number, expert in enumerate(experts):
        expert.blocks[0].ffn.register_forward_hook(lambda *_, number=number: order.append(number))
    request = _request(method="distilled", steps=4, shift=5.0, guidance_scale=1.0, boundary=boundary)
    _run(Denoiser(experts, single_runtime()), request)
    assert order == [0, 0, 1, 1]


def test_the_first_expert_keeps_nothing_while_the_second_one_works() -> None:
    """Keys and values of both branches are 0.8 GB a 14B expert."""
    contexts: list[weakref.ref[Context]] = []
    alive: list[int] = []

    class Watched(WanTransformer):
        def embed(
            self, text: Tensor, image: Tensor | None, *, runtime: Runtime, keep: bool = True
        ) -> Context:
            alive.append(sum(context() is not None for context in contexts))
            context = super().embed(text, image, runtime=runtime, keep=keep)
            contexts.append(weakref.ref(context))
            return context

    experts = [our_transformer_as(Watched, "t2v-a14b", expert) for expert in range(2)]
    _run(Denoiser(experts, single_runtime()), _request(boundary=0.875, low_noise_guidance_scale=4.0))
    assert alive == [0, 1, 0, 1]


def test_two_experts_need_a_boundary() -> None:
    with pytest.raises(ValueError, match="boundary"):
        _run(_denoiser("t2v-a14b"), _request())


def test_guidance_needs_a_negative_text() -> None:
    with pytest.raises(ValueError, match="negative text"):
        _run(_denoiser("t2v"), _request(negative_text=None))


def test_decoded_frames_equal_diffusers() -> None:
    latents = _run(_denoiser("t2v"), _request())
    frames = torch.cat(list(StreamingDecoder(tiny_vae(), single_runtime().backend).frames(latents)))
    theirs = reference("t2v", output_type="pt") * 2 - 1
    assert frames.shape == (FRAMES, 3, HEIGHT, WIDTH)
    assert_same_numbers(frames, theirs)


def test_batched_guidance_gives_the_same_video() -> None:
    one_by_one = _run(_denoiser("i2v"), _image_request())
    batched = _run(_denoiser("i2v", batched_guidance=True), _image_request())
    assert_same_numbers(batched, one_by_one)


def _image_request(**changes: Any) -> DenoiseRequest:
    states = image_states("i2v", 7)
    assert states is not None
    return _request(image=states[0], condition=random_numbers(20, *SHAPE[1:], seed=8), **changes)


def test_distilled_steps_follow_the_published_noise_levels() -> None:
    model, text = our_transformer("t2v"), text_states(1)
    x = torch.randn((1, *SHAPE), generator=torch.Generator().manual_seed(SEED))
    # 5 s / (1 + 4 s) of the training steps 1000, 750, 500 and 250.
    sigmas = [1.0, 0.9375, 5 / 6, 0.625, 0.0]
    with torch.no_grad():
        for sigma, following in pairwise(sigmas):
            velocity = model(x, torch.tensor([1000 * sigma]), text, runtime=single_runtime())
            x = (x - sigma * velocity) + following * velocity
    request = _request(method="distilled", steps=4, shift=5.0, guidance_scale=1.0)
    assert_same_numbers(_run(_denoiser("t2v"), request), x[0])


def test_requests_do_not_influence_each_other() -> None:
    denoiser = _denoiser("i2v", step_cache_coefficients=(1.0, 0.0))
    alone = _run(denoiser, _image_request())
    other = _image_request(
        seed=7, steps=8, shape=SHAPE, text=text_states(4)[0], step_cache_threshold=0.5, guidance_scale=2.0
    )
    assert (_run(denoiser, other) - alone).abs().max() > 0.1
    assert torch.equal(_run(denoiser, _image_request()), alone)


class _StopAtStep(Exception):
    pass


def test_the_gate_is_passed_before_every_step_and_ends_the_work() -> None:
    passed: list[int] = []

    def check(done: int) -> None:
        passed.append(done)
        if done == 2:
            raise _StopAtStep

    denoiser = _denoiser("t2v")
    with pytest.raises(_StopAtStep):
        denoiser.run(_request(), SingleGate(check))
    assert passed == [0, 1, 2]
    passed.clear()
    denoiser.run(_request(steps=2), SingleGate(passed.append))
    assert passed == [0, 1]
