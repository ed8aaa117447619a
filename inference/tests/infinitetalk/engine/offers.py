"""Offers and jobs without weights."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from polyreel_inference.command_line import parse
from polyreel_inference.engines.infinitetalk.offer import Offer, offer_of
from polyreel_inference.engines.infinitetalk.options import InfiniteTalkOptions
from polyreel_inference.engines.infinitetalk.parameters import describe_model
from polyreel_inference.engines.infinitetalk.plan import Plan, plan_job
from tests.serving.job_making import make_job

FILES = (
    "--ckpt_dir",
    "wan",
    "--wav2vec_dir",
    "wav2vec",
    "--infinitetalk_dir",
    "single/infinitetalk.safetensors",
)


def parsed(*words: str, files: tuple[str, ...] = FILES) -> Namespace:
    """The command line as read; no file of it is looked at."""
    return parse(["serve", "infinitetalk", *files, *words])


def options(*words: str, files: tuple[str, ...] = FILES) -> InfiniteTalkOptions:
    """What an operator who writes these words decides."""
    return InfiniteTalkOptions.of(parsed(*words, files=files))


def offer(*words: str) -> Offer:
    """What requests can ask of it then."""
    return offer_of(options(*words))


def plan_of(folder: Path, inputs: dict[str, Path], given: dict[str, Any], *words: str) -> Plan:
    """The plan of a job with these parameters only."""
    offered = offer(*words)
    job = make_job(folder, describe_model(offered), inputs, **given)
    return plan_job(job, offered)
