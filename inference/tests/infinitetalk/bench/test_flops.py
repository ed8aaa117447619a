"""The count of operations against torch's own counter, and against figures known of the published model."""

from dataclasses import replace

import pytest
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from polyreel_inference.diffusion.flops import TransformerShape
from polyreel_inference.engines.infinitetalk.bench.flops import TalkFlops
from polyreel_inference.engines.infinitetalk.bench.setting import BASE
from polyreel_inference.engines.infinitetalk.sampling.guidance import branches_of
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from tests.infinitetalk.transformer.tiny_transformer import (
    SIZES,
    single_runtime,
    tiny_transformer,
    velocity_of,
)

PUBLISHED = TalkFlops(TransformerShape.from_config(BASE.transformer_config()), 640, 640, 81, 1, AudioSizes())


@pytest.mark.parametrize("people", [0, 1, 2, 3])
def test_equals_what_torch_counts(people: int) -> None:
    transformer = tiny_transformer()
    # The tiny contexts: 6 tokens of text, 9 of the picture.
    shape = replace(TransformerShape.from_config(transformer.config), text_tokens=6, image_tokens=9)
    heard = max(people, 1)
    flops = TalkFlops(shape, width=48, height=32, frames=9, people=heard, sizes=SIZES)
    counter = FlopCounterMode(display=False)
    # The counter knows the products of plain attention, not the CPU's fused kernel.
    with sdpa_kernel(SDPBackend.MATH), counter:
        velocity_of(transformer, single_runtime(), people, (3, 4, 6))
    assert counter.get_total_flops() == flops.forward(heard) + flops.projection(heard)


@pytest.mark.parametrize(
    ("width", "height", "petaflop"), [(640, 640, 1.89), (448, 832, 1.65), (960, 960, 6.86)]
)
def test_a_forward_costs_what_is_known(width: int, height: int, petaflop: float) -> None:
    flops = replace(PUBLISHED, width=width, height=height)
    assert flops.forward(1) / 1e15 == pytest.approx(petaflop, rel=0.005)


def test_telling_two_speakers_apart_costs_a_few_percent_and_silence_nothing_more() -> None:
    two = replace(PUBLISHED, people=2)
    assert 1.01 < two.forward(2) / two.forward(1) < 1.03
    assert two.step(branches_of(5, 4)) == 2 * two.forward(2) + two.forward(1)
    assert PUBLISHED.step(branches_of(1, 2)) == 2 * PUBLISHED.forward(1)
    assert PUBLISHED.projection(1) < 0.001 * PUBLISHED.forward(1)
