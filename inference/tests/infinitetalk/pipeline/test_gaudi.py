"""Whole videos on a stand-in for Gaudi, of one and of two speakers: those of the CPU."""

from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.loading import LoadSettings
from polyreel_inference.engines.infinitetalk.reference.source import StillReference
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.checkpoints.kinds import LAYERS
from tests.devices.gaudi_modes import counted, gaudi
from tests.infinitetalk.pipeline.making import Loaded, load, talk, video

CHUNKS, STEPS, BRANCHES = 2, 2, 3


@pytest.fixture(scope="module")
def on_the_cpu(
    files: InfiniteTalkFiles, loaded: Loaded, reference: StillReference, usual: Tensor
) -> dict[int, Tensor]:
    """The usual video by the number of people in it."""
    return {1: usual, 2: video(load(files, "multi").pipeline, talk(reference, people=2))}


@pytest.mark.parametrize(
    "settings", [{}, {"compile": True}, {"offload": "blocks"}], ids=["plain", "recorded", "offloaded"]
)
@pytest.mark.parametrize(("people", "name"), [(1, "single"), (2, "multi")])
def test_lazy_mode_makes_the_video_of_the_cpu(
    files: InfiniteTalkFiles,
    reference: StillReference,
    on_the_cpu: dict[int, Tensor],
    people: int,
    name: str,
    settings: dict[str, Any],
) -> None:
    with gaudi(lazy=True, exact=True) as backend:
        loaded = load(files, name, LoadSettings(**settings), backend)
        found = video(loaded.pipeline, talk(reference, people=people))
        calls = counted()
    torch.testing.assert_close(found, on_the_cpu[people], rtol=0, atol=1e-3)
    blocks = CHUNKS * STEPS * BRANCHES * LAYERS
    assert calls["mark_step"] >= blocks + CHUNKS * STEPS
    assert (calls["replay_hpu_graph"] > 0) == settings.get("compile", False)


def test_the_fast_softmax_is_not_seen(
    files: InfiniteTalkFiles, reference: StillReference, on_the_cpu: dict[int, Tensor]
) -> None:
    with gaudi(lazy=False) as backend:
        found = video(load(files, "single", backend=backend).pipeline, talk(reference))
        calls = counted()
    error = (found - on_the_cpu[1]).square().mean()
    assert 10 * torch.log10(4 / error) > 40
    assert calls["FusedSDPA fast"] > 0
    # Speech is heard by the exact softmax, once in every block.
    assert calls["FusedSDPA None"] == CHUNKS * STEPS * BRANCHES * LAYERS
    assert calls["mark_step"] == 0
