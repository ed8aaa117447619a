"""polyreel.json: the operator's last word on a folder, as far as it can mean something there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.weights.errors import WeightsError
from tests.checkpoints.files import write_json


def test_the_operator_has_the_last_word(copy: Callable[[str, str], Path]) -> None:
    folder = copy("i2v", "original")
    settings = {"architecture": "i2v-14b-720p", "distilled": True, "steps": 8, "shift": 7}
    write_json(folder / "polyreel.json", settings)

    defaults = WanFolder.open(folder).sampling()

    assert (defaults.size, defaults.distilled, defaults.steps) == ((1280, 720), True, 8)
    assert (defaults.shift, defaults.guidance_scale) == (7.0, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stepz": 4}, r"settings that do not exist: stepz\. There are: architecture, .*steps"),
        ({"steps": 2.5}, r"steps cannot be 2\.5"),
        ({"steps": True}, "steps cannot be true"),
        ({"steps": 101}, "steps cannot be 101; it is a whole number from 1 to 100"),
        ({"shift": 0}, r"shift cannot be 0; it is a number from 0\.1 to 50"),
        ({"guidance_scale": 0.5}, r"guidance_scale cannot be 0\.5; it is a number from 1 to 20"),
        ({"boundary": 875}, "boundary cannot be 875; it is a number from 0 to 1"),
        ({"distilled": "yes"}, 'distilled cannot be "yes"'),
        ({"architecture": "t2v-5b"}, "no architecture 't2v-5b', only t2v-1.3b"),
        ({"architecture": "t2v-a14b"}, "t2v-a14b does not fit the weights"),
    ],
)
def test_wrong_settings_are_refused(
    copy: Callable[[str, str], Path], settings: dict[str, Any], message: str
) -> None:
    folder = copy("t2v", "original")
    write_json(folder / "polyreel.json", settings)

    with pytest.raises(WeightsError, match=message):
        WanFolder.open(folder)


@pytest.mark.parametrize(
    ("kind", "layout", "settings", "message"),
    [
        ("t2v", "distilled", {"guidance_scale": 3}, "guidance_scale .* distilled models are not guided"),
        ("t2v", "original", {"distilled": True, "guidance_scale": 3}, "guidance_scale .* not guided"),
        ("t2v", "original", {"boundary": 0.5}, "boundary .* models of two experts"),
        ("i2v", "original", {"low_noise_guidance_scale": 3}, "low_noise_guidance_scale .* two experts"),
        ("t2v", "diffusers", {"checkpoint": "other.safetensors"}, "names a checkpoint, .* original layout"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(
    copy: Callable[[str, str], Path], kind: str, layout: str, settings: dict[str, Any], message: str
) -> None:
    folder = copy(kind, layout)
    write_json(folder / "polyreel.json", settings)

    with pytest.raises(WeightsError, match=message):
        WanFolder.open(folder)


def test_experts_have_settings_of_their_own(copy: Callable[[str, str], Path]) -> None:
    folder = copy("t2v-a14b", "original")
    write_json(
        folder / "polyreel.json", {"boundary": 0.8, "guidance_scale": 5, "low_noise_guidance_scale": 1}
    )

    defaults = WanFolder.open(folder).sampling()

    assert (defaults.boundary, defaults.guidance_scale, defaults.low_noise_guidance_scale) == (0.8, 5.0, 1.0)
