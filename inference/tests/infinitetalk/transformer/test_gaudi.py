"""The transformer on a stand-in for Gaudi: exact softmax where speech is told apart, fast elsewhere."""

import torch

from polyreel_inference.devices.habana import load_habana
from polyreel_inference.devices.hpu import HpuBackend
from tests.devices import fake_habana
from tests.devices.fake_habana.recording import calls
from tests.infinitetalk.transformer.tiny_transformer import (
    HEAD_SIZE,
    HEADS,
    LAYERS,
    SIZES,
    single_runtime,
    tiny_transformer,
    velocity_of,
)

SIZE = (2, 4, 6)
PER_FRAME = 6


def test_attention_to_speech_and_the_map_are_exact_and_by_the_fused_kernel() -> None:
    model = tiny_transformer()
    expected = velocity_of(model, single_runtime(), 2, SIZE)
    with fake_habana.installed():
        backend = HpuBackend(load_habana(), torch.device("cpu"), dtype=torch.float32)
        velocity = velocity_of(model, single_runtime(backend), 2, SIZE)

    attended = [call.arguments for call in calls if call.function == "FusedSDPA"]
    exact = [(query, key) for query, key, mode in attended if mode == "None"]
    all_tokens, frame = (1, HEADS, 2 * PER_FRAME, HEAD_SIZE), (1, HEADS, PER_FRAME, HEAD_SIZE)
    speech = (2, HEADS, PER_FRAME, HEAD_SIZE), (2, HEADS, 2 * SIZES.tokens, HEAD_SIZE)
    assert exact == [(all_tokens, frame), speech] * LAYERS
    # Self-attention, text and image.
    assert len(attended) - len(exact) == 3 * LAYERS
    torch.testing.assert_close(velocity, expected, rtol=0, atol=0.02 * expected.abs().max().item())
