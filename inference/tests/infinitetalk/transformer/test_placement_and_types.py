"""Where weights lie and in which type they are kept does not change what is heard."""

import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.memory.policy import MemoryPolicy
from polyreel_inference.diffusion.transformer.step_cache import BranchCache
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from tests.infinitetalk.transformer.tiny_transformer import (
    STATES,
    random_numbers,
    single_runtime,
    speech_of,
    tiny_transformer,
    velocity_of,
)

SIZE = (2, 4, 6)


def test_blocks_with_speech_may_be_offloaded() -> None:
    plain, offloaded = tiny_transformer(), tiny_transformer()
    policy = MemoryPolicy("blocks", torch.device("cpu"))
    offloaded.block_placement = policy.place_transformer(offloaded)

    for _ in range(2):
        assert torch.equal(
            velocity_of(offloaded, single_runtime(), 2, SIZE), velocity_of(plain, single_runtime(), 2, SIZE)
        )


def test_weights_in_bfloat16_stay_close() -> None:
    model = tiny_transformer()
    exact = [velocity_of(model, single_runtime(), people, SIZE) for people in (1, 2)]
    for name, parameter in model.named_parameters():
        if not any(f".{part}." in f".{name}." for part in InfiniteTalkTransformer.float32_parts):
            parameter.data = parameter.data.bfloat16()
    runtime = single_runtime(CpuBackend(dtype=torch.bfloat16))

    for people, wanted in zip((1, 2), exact, strict=True):
        half = velocity_of(model, runtime, people, SIZE)
        assert half.dtype == torch.float32
        assert 1e-5 < (half - wanted).norm() / wanted.norm() < 0.05


@torch.inference_mode()
def test_a_reused_step_adds_the_speech_of_the_step_before() -> None:
    model, runtime, cache = tiny_transformer(), single_runtime(), BranchCache()
    context = model.embed(
        random_numbers(1, 6, STATES, seed=1), random_numbers(1, 9, STATES, seed=2), runtime=runtime
    )
    latents, time = random_numbers(1, 36, *SIZE, seed=3), torch.tensor([600.0])

    def velocity(people: int) -> Tensor:
        speech = speech_of(model, runtime, people, SIZE)
        return model.velocity(latents, time, context, speech, runtime=runtime, cache=cache)

    computed = velocity(1)
    cache.reuse = True
    torch.testing.assert_close(velocity(0), computed, rtol=1e-5, atol=1e-5)
    cache.reuse = False
    assert (velocity(0) - computed).abs().max() > 1e-2
