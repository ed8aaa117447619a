"""The command line: what operators write reaches requests that do not say, or is refused with a reason."""

from argparse import ArgumentError
from pathlib import Path

import pytest

from polyreel_inference.engines.latentsync.offer import Offer
from polyreel_inference.engines.latentsync.options import LatentSyncOptions
from polyreel_inference.host.description import check_description
from tests.latentsync.engine.jobs import described, offer, parsed


def test_the_shortest_command_line_is_the_original_s_usual_one() -> None:
    read = LatentSyncOptions.of(parsed())
    assert (read.checkpoint, read.landmarks, read.batch) == (Path("weights"), "auto", None)
    assert (read.device, read.dtype, read.attention) == ("auto", "auto", "auto")
    assert read.offer == Offer("latentsync-1.6", 20, 1.0, 1247, deep_cache=True)


def test_every_option_is_read() -> None:
    words = (
        *("--model-name", "latentsync-1.5", "--landmarks", "/models", "--device", "cpu"),
        *("--dtype", "float32", "--attention", "sdpa", "--batch", "3", "--inference-steps", "25"),
        *("--guidance-scale", "1.5", "--seed", "7", "--no-deepcache"),
    )
    read = LatentSyncOptions.of(parsed(*words))
    assert (read.landmarks, read.device, read.dtype) == ("/models", "cpu", "float32")
    assert (read.attention, read.batch) == ("sdpa", 3)
    assert read.offer == Offer("latentsync-1.5", 25, 1.5, 7, deep_cache=False)


def test_the_original_s_spelling_of_the_cache_acts() -> None:
    assert offer("--no-deepcache", "--enable-deepcache").deep_cache


def test_a_negative_seed_is_another_one_for_each_task() -> None:
    assert offer("--seed", "-1").seed is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--batch", "0"), "at least 1"),
        (("--batch", "x"), "at least 1"),
        (("--inference-steps", "101"), "at most 100"),
        (("--guidance-scale", "-1"), "between 0 and 10"),
        (("--guidance-scale", "much"), "between 0 and 10"),
    ],
)
def test_senseless_numbers_are_refused(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ArgumentError, match=reason):
        parsed(*words)


def test_the_description_is_complete_and_carries_the_operator_s_defaults() -> None:
    description = described(
        "--inference-steps", "30", "--guidance-scale", "2", "--seed", "5", "--no-deepcache"
    )
    check_description(description)
    (kind,) = description.models[0].kinds
    assert [(role.role, role.required) for role in kind.inputs] == [("video", True), ("audio", True)]
    defaults = {parameter.name: parameter.default for parameter in kind.parameters}
    told = {name: defaults[name] for name in ("steps", "guidance_scale", "seed", "deepcache")}
    assert told == {"steps": 30, "guidance_scale": 2, "seed": 5, "deepcache": False}
