"""Engines on tiny checkpoints, and jobs run on them."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.wan.engine import WanEngine
from polyreel_inference.host.engine import Job
from polyreel_inference.media.video_reader import VideoReader
from tests.serving.job_making import make_job
from tests.wan.reporter import RememberingReporter

SIZE = {"width": 32, "height": 32}
"""Below what requests may ask for, but enough for every part to work."""


@dataclass(frozen=True)
class Run:
    """A finished job."""

    job: Job
    resolved: dict[str, Any]
    message: str
    reporter: RememberingReporter

    @property
    def video(self) -> bytes:
        """The file, equal for equal frames."""
        return self.reporter.outputs["result"][1].read_bytes()

    @property
    def frames(self) -> NDArray[np.uint8]:
        """All frames as a player shows them, [n, height, width, 3]."""
        return frames_of(self.reporter.outputs["result"][1])


def frames_of(path: Path) -> NDArray[np.uint8]:
    """All frames of a file as a player shows them, [n, height, width, 3]."""
    with VideoReader(path) as video:
        return np.stack(list(video.frames()))


def engine_with(*words: str) -> WanEngine:
    """An engine as the command line makes it, loaded."""
    parser = ArgumentParser()
    WanEngine.add_options(parser)
    engine = WanEngine.from_options(parser.parse_args(["--device", "cpu", *words]))
    engine.load()
    return engine


def job_of(
    engine: WanEngine, folder: Path, model: str, inputs: dict[str, Path] | None = None, **parameters: Any
) -> Job:
    """A small job of a few steps; `parameters` go before the small ones."""
    described = next(one for one in engine.describe().models if one.name == model)
    small: dict[str, Any] = {**SIZE, "frames": 5, "steps": 2, "prompt": "waves", "seed": 1}
    return make_job(folder, described, inputs or {}, **(small | parameters))


def run(
    engine: WanEngine, folder: Path, model: str, inputs: dict[str, Path] | None = None, **parameters: Any
) -> Run:
    """Resolve and generate."""
    job = job_of(engine, folder, model, inputs, **parameters)
    reporter = RememberingReporter()
    return Run(job, engine.resolve(job), engine.generate(job, reporter), reporter)
