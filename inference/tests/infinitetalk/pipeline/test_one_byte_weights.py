"""Videos by weights of one byte a number, resident or offloaded, and what loading takes."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.weights.quantized_linear import QuantizedLinear
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.reference.source import StillReference
from polyreel_inference.parallel.mesh import Mesh
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.checkpoints.kinds import LAYERS
from tests.diffusion.weights.live_memory import LiveMemory
from tests.infinitetalk.pipeline.making import load, talk, video

LINEARS = 4 + 6 + 2 + 3
"""Linear layers of a block: self-attention, text and picture, feed-forward, speech."""


@pytest.mark.parametrize("word", ["int8", "fp8"])
def test_the_video_stays_close_wherever_the_blocks_lie(
    files: InfiniteTalkFiles, reference: StillReference, usual: Tensor, word: str
) -> None:
    settings = LoadSettings(quantize=word)
    resident = video(load(files, settings=settings).pipeline, talk(reference))
    offloaded = load(files, settings=replace(settings, offload="blocks"))
    assert torch.equal(video(offloaded.pipeline, talk(reference)), resident)

    other = video(load(files).pipeline, talk(reference, seed=43))
    assert 0 < (resident - usual).abs().mean() < (other - usual).abs().mean() / 5


@pytest.mark.parametrize("word", [None, "int8", "fp8"])
def test_loading_never_holds_the_transformer_twice(files: InfiniteTalkFiles, word: str | None) -> None:
    model = InfiniteTalkModel.open(files.base, [files.multi], files.speech)
    backend = CpuBackend(dtype=torch.bfloat16)
    with LiveMemory() as memory:
        loader = InfiniteTalkLoader(backend, Mesh.single(), LoadSettings(quantize=word))
        transformer = loader.transformer(model)
    size = sum(value.nbytes for value in transformer.state_dict().values())
    # A quarter of the tiny model is one tensor, so this is closer than for the published one.
    assert size <= memory.peak <= 1.3 * size
    rounded = [part for part in transformer.modules() if isinstance(part, QuantizedLinear)]
    assert len(rounded) == (0 if word is None else LINEARS * LAYERS)
