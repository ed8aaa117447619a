"""Command lines, jobs and plans without weights."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from polyreel_inference import __version__
from polyreel_inference.engines.latentsync.offer import Offer
from polyreel_inference.engines.latentsync.options import LatentSyncOptions, add_options
from polyreel_inference.engines.latentsync.parameters import describe_model
from polyreel_inference.engines.latentsync.plan import Plan, plan_job
from polyreel_inference.host.engine import EngineDescription, Job
from tests.serving.job_making import make_job


def parsed(*words: str, folder: str = "weights") -> Namespace:
    """The engine's own options as read; no file of it is looked at."""
    parser = ArgumentParser(exit_on_error=False)
    add_options(parser)
    return parser.parse_args(["--checkpoint", folder, *words])


def offer(*words: str) -> Offer:
    """What requests can ask of an engine with these options."""
    return LatentSyncOptions.of(parsed(*words)).offer


def described(*words: str) -> EngineDescription:
    """What such an engine says about itself."""
    return EngineDescription("latentsync", __version__, (describe_model(offer(*words)),), "cpu", 1)


def job_of(description: EngineDescription, folder: Path, inputs: dict[str, Path], **given: Any) -> Job:
    """A job for the only model."""
    (model,) = description.models
    return make_job(folder, model, inputs, **given)


def plan_of(folder: Path, inputs: dict[str, Path], *words: str, **given: Any) -> Plan:
    """The plan of a job with these parameters."""
    return plan_job(job_of(described(*words), folder, inputs, **given))
