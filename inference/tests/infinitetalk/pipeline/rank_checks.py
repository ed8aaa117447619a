"""What the ranks of `test_ranks` do: a whole video by a team, of which only the leader has encoders."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import InfiniteTalkPipeline
from polyreel_inference.engines.infinitetalk.reference.source import StillReference
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.pipeline.making import talk, video


@dataclass(frozen=True)
class Shared:
    """A video of two people, to be made by ranks in groups of Ulysses size and guidance size `sizes`."""

    files: InfiniteTalkFiles
    picture: Path
    sizes: tuple[int, int]


def make(ranks: Ranks, shared: Shared) -> Tensor | None:
    """Return the video on the leader, nothing elsewhere."""
    torch.set_num_threads(1)
    backend = CpuBackend()
    mesh = open_mesh(backend, ranks, *shared.sizes)
    model = InfiniteTalkModel.open(shared.files.base, [shared.files.multi], shared.files.speech)
    loader = InfiniteTalkLoader(backend, mesh, LoadSettings())
    team = Team(mesh, backend, loader.denoiser(model).run)
    made = None
    if ranks.is_leader:
        pipeline = InfiniteTalkPipeline(loader.networks(model), team.run)
        made = video(pipeline, talk(StillReference(shared.picture), people=2))
    else:
        team.follow()
    team.close()
    return made
