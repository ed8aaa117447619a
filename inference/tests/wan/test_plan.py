"""From parameters to what a job does: every one acts or is refused."""

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from polyreel_inference.diffusion.negative_prompt import NEGATIVE_PROMPT
from polyreel_inference.engines.wan.offer import Offer
from polyreel_inference.engines.wan.plan import Plan, plan_job
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.errors import UnreadableMedia
from tests.wan.jobs import DISTILLED, I2V, T2V, TWO_EXPERTS, job_for


def planned(offer: Offer, folder: Path, inputs: dict[str, Path] | None = None, **parameters: Any) -> Plan:
    return plan_job(job_for(offer, folder, inputs, **parameters), offer)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Upright, 3:4."""
    path = tmp_path / "picture.png"
    Image.fromarray(np.zeros((400, 300, 3), np.uint8)).save(path)
    return path


def test_text_alone_gives_the_usual_video(tmp_path: Path) -> None:
    plan = planned(T2V, tmp_path, prompt=" waves ")
    assert (plan.width, plan.height, plan.frames, plan.fps, plan.steps) == (832, 480, 81, 16.0, 50)
    assert (plan.prompt, plan.negative_prompt, plan.guidance_scales) == ("waves", NEGATIVE_PROMPT, (6.0,))
    assert plan.seed == zlib.crc32(b"task-1")
    assert plan.remarks() == ["The video has 81 frames: the model makes 4n+1."]
    assert plan.resolved() == {
        "prompt": " waves ",
        "negative_prompt": NEGATIVE_PROMPT,
        "guidance_scale": 6.0,
        "width": 832,
        "height": 480,
        "frames": 81,
        "seconds": 5.0625,
        "fps": 16,
        "num_fragments": 1,
        "steps": 50,
        "shift": 8,
        "seed": plan.seed,
    }


@pytest.mark.parametrize(
    ("asked", "frames"),
    [
        ({"frames": 1}, 1),
        ({"frames": 3}, 5),
        ({"frames": 6}, 5),
        ({"seconds": 2, "fps": 24}, 49),
        ({"frames": 9, "seconds": 5}, 9),
        ({"seconds": 0.05}, 1),
    ],
)
def test_lengths_become_4n_plus_1(tmp_path: Path, asked: dict[str, Any], frames: int) -> None:
    assert planned(T2V, tmp_path, prompt="x", **asked).frames == frames


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (544, 720)),  # 832 * 480 pixels, 3:4, each side cut to a multiple of 16
        ({"width": 480, "height": 832}, (480, 832)),
        ({"width": 320}, (320, 416)),
        ({"height": 320}, (240, 320)),
    ],
)
def test_sizes_follow_the_picture(
    tmp_path: Path, picture: Path, asked: dict[str, Any], size: tuple[int, int]
) -> None:
    plan = planned(I2V, tmp_path, {"image": picture}, **asked)
    assert (plan.width, plan.height) == size


@pytest.mark.parametrize(
    ("offer", "asked", "words"),
    [
        (T2V, {}, "prompt is required"),
        (T2V, {"prompt": " "}, "prompt is required"),
        (T2V, {"prompt": "x", "width": 500}, "496 and 512"),
        (T2V, {"prompt": "x", "width": 2048, "height": 2048}, "at most 2088960"),
        (T2V, {"prompt": "x", "seconds": 30}, "at most 241"),
        (T2V, {"prompt": "x", "negative_prompt": "y", "guidance_scale": 1}, "negative_prompt acts only"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(
    tmp_path: Path, offer: Offer, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(EngineError, match=words) as refused:
        planned(offer, tmp_path, **asked)
    assert refused.value.code is ErrorCode.INVALID_INPUT


def test_fragments_overlap_by_one_frame(tmp_path: Path, picture: Path) -> None:
    plan = planned(I2V, tmp_path, {"image": picture}, num_fragments=3, frames=9)
    assert (plan.frames, plan.total_frames) == (9, 25)
    assert plan.remarks() == ["3 fragments are joined to 25 frames."]
    rounded = planned(I2V, tmp_path, {"image": picture}, num_fragments=2, frames=8)
    assert rounded.remarks() == [
        "Each fragment has 9 frames: the model makes 4n+1.",
        "2 fragments are joined to 17 frames.",
    ]
    with pytest.raises(EngineError, match="one frame"):
        planned(I2V, tmp_path, {"image": picture}, num_fragments=2, frames=1)


def test_distilled_models_have_no_guidance_to_set(tmp_path: Path) -> None:
    plan = planned(DISTILLED, tmp_path, prompt="x")
    assert (plan.steps, plan.shift, plan.guided) == (4, 5.0, False)
    assert not {"negative_prompt", "guidance_scale"} & plan.resolved().keys()


def test_each_expert_has_a_guidance_scale(tmp_path: Path, picture: Path) -> None:
    inputs = {"image": picture, "last_image": picture}
    assert planned(TWO_EXPERTS, tmp_path, inputs, guidance_scale_2=2).guidance_scales == (3.5, 2.0)


def test_the_step_cache_is_a_choice_of_the_request(tmp_path: Path) -> None:
    offer = replace(T2V, step_cache_threshold=0.2)
    assert planned(offer, tmp_path, prompt="x").step_cache is None
    assert planned(offer, tmp_path, prompt="x", use_teacache=True).step_cache == 0.2
    assert planned(offer, tmp_path, prompt="x", use_teacache=True, teacache_thresh=0.1).step_cache == 0.1
    assert planned(replace(offer, step_cache=True), tmp_path, prompt="x").step_cache == 0.2
    with pytest.raises(EngineError, match="use_teacache"):
        planned(offer, tmp_path, prompt="x", teacache_thresh=0.1)


def test_a_step_cache_that_could_skip_nothing_is_refused(tmp_path: Path) -> None:
    offer = replace(T2V, step_cache_threshold=0.2)
    with pytest.raises(EngineError, match="first 5 steps are always computed"):
        planned(offer, tmp_path, prompt="x", use_teacache=True, steps=5)
    assert planned(offer, tmp_path, prompt="x", use_teacache=True, steps=6).step_cache == 0.2
    switched_on = replace(offer, step_cache=True)
    few = planned(switched_on, tmp_path, prompt="x", steps=5)
    assert few.step_cache is None
    assert few.resolved()["use_teacache"] is False
    with pytest.raises(EngineError, match="first 5 steps"):
        planned(switched_on, tmp_path, prompt="x", steps=5, teacache_thresh=0.1)


def test_a_broken_picture_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG nothing")
    with pytest.raises(UnreadableMedia):
        planned(I2V, tmp_path, {"image": broken})
