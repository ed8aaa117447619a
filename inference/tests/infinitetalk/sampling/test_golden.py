"""Schedules, projected guidance and the step cache beside the original's numbers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.sampling.flow_schedule import even_schedule
from polyreel_inference.engines.infinitetalk.reference.buckets import Resolution
from polyreel_inference.engines.infinitetalk.sampling.branches import Branches
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest, Sampling
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import (
    ProjectedGuidance,
    ProjectionSettings,
)
from polyreel_inference.engines.infinitetalk.sampling.step_cache_coefficients import STEP_CACHE_COEFFICIENTS
from polyreel_inference.engines.infinitetalk.transformer.checkpoint import InfiniteTalkCheckpoint
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import transformer_inputs, values
from tests.infinitetalk.transformer.tiny_transformer import single_runtime

BRANCHES, FIRST_REUSABLE_STEP = 3, 5


class CountedTransformer:
    """Counts how often the blocks of a loaded transformer are run."""

    def __init__(self, transformer: InfiniteTalkTransformer) -> None:
        self.runs = 0
        transformer.blocks[0].attn1.to_q.register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.runs += 1


@pytest.mark.parametrize(("steps", "shift"), [(3, 7), (4, 2), (8, 2), (40, 7), (40, 11)])
def test_timesteps_are_those_of_the_original(steps: int, shift: int) -> None:
    wanted = golden("conditions")[f"timesteps_{steps}_{shift}"]

    assert_close(even_schedule(steps, shift).timesteps, wanted, tolerance=1e-6)


@pytest.mark.parametrize("norm", [55, 3])
def test_projected_guidance_is_that_of_the_original(norm: int) -> None:
    guidance = ProjectedGuidance(2.0, 1.0, ProjectionSettings(norm=norm))
    added: list[Tensor] = []
    for step in range(4):
        whole = values(f"prediction {step}", 16, 2, 4, 4)
        added.append(guidance.combine([whole, whole - values(f"difference {step}", 16, 2, 4, 4)]) - whole)

    assert_close(torch.stack(added), golden("guidance")[f"projected_{norm}"])


def padded(text: Tensor) -> Tensor:
    """Return states of 512 tokens, zeros behind those of the text."""
    return torch.cat([text, torch.zeros(512 - len(text), text.shape[1])])


def cached_request(size: str, resolution: Resolution) -> ChunkRequest:
    """Return what golden/README.md tells of step_cache.npz."""
    given = transformer_inputs("square", 1)
    return ChunkRequest(
        sampling=Sampling(
            steps=12,
            shift=7.0,
            text_scale=5.0,
            audio_scale=4.0,
            step_cache_threshold=float(golden("step_cache")[f"threshold_{size}"]),
            step_cache_coefficients=STEP_CACHE_COEFFICIENTS[resolution],
        ),
        noise=given.latents[:, :2],
        motion=given.latents[:, :1],
        condition=given.condition[:, :2],
        image=given.image,
        text=padded(given.text),
        negative_text=padded(values("square negative", 9, 4096)),
        windows=given.speech[:, :5],
    )


@torch.inference_mode()
@pytest.mark.parametrize(("size", "resolution"), [("480", "480p"), ("720", "720p")])
def test_the_step_cache_skips_what_the_original_skips(
    size: str, resolution: Resolution, files: InfiniteTalkFiles
) -> None:
    checkpoint = InfiniteTalkCheckpoint.open(WanFolder.open(files.base), [files.single])
    transformer = checkpoint.load_transformer(CpuBackend())
    counted = CountedTransformer(transformer)
    numbers, request = golden("step_cache"), cached_request(size, resolution)
    branches = Branches(transformer, single_runtime(), request, numbers["timesteps"])
    runs: list[int] = []
    velocities: list[Tensor] = []
    for step in range(request.sampling.steps):
        latents = torch.cat([request.noise * (1 - step / request.sampling.steps), request.condition])
        before = counted.runs
        velocities.append(torch.cat(branches.velocities(latents[None], step)))
        runs.append(counted.runs - before)

    assert runs == (BRANCHES * numbers[f"computed_{size}"].all(dim=1)).tolist()
    found = torch.stack(velocities[FIRST_REUSABLE_STEP:])[..., ::2, 1::2]
    assert_close(found, numbers[f"outputs_{size}"])
