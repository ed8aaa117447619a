"""Engines on a tiny model, and jobs run on them."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from polyreel_inference.command_line import parse
from polyreel_inference.engines.infinitetalk.engine import InfiniteTalkEngine
from polyreel_inference.host.engine import EngineDescription, Job
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.serving.finished_run import Run
from tests.serving.job_making import make_job
from tests.serving.streaming_reporter import RememberingReporter

SMALL: dict[str, Any] = {
    "width": 64,
    "height": 64,
    "frames": 13,
    "steps": 1,
    "prompt": "a person talks",
    "seed": 1,
}


def options_of(files: InfiniteTalkFiles, *words: str) -> Namespace:
    """What the command line says, with the short chunks a CPU makes quickly."""
    return parse(
        [
            *("serve", "infinitetalk", "--device", "cpu", "--frame_num", "9", "--motion_frame", "5"),
            *("--ckpt_dir", str(files.base), "--wav2vec_dir", str(files.speech)),
            *("--infinitetalk_dir", str(files.multi)),
            *words,
        ]
    )


def engine_with(files: InfiniteTalkFiles, *words: str) -> InfiniteTalkEngine:
    """An engine as the command line makes it, loaded."""
    engine = InfiniteTalkEngine.from_options(options_of(files, *words))
    engine.load()
    return engine


def job_of(description: EngineDescription, folder: Path, inputs: dict[str, Path], **given: Any) -> Job:
    """A small job; `given` goes before the small parameters."""
    (model,) = description.models
    return make_job(folder, model, inputs, **(SMALL | given))


def run(engine: InfiniteTalkEngine, folder: Path, inputs: dict[str, Path], **given: Any) -> Run:
    """Resolve and generate."""
    job = job_of(engine.describe(), folder, inputs, **given)
    reporter = RememberingReporter()
    done = Run(job, engine.resolve(job), engine.generate(job, reporter), reporter, folder / "watched.mp4")
    done.path.write_bytes(done.video)
    return done
