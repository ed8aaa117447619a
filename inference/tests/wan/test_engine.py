"""Jobs on tiny models: every parameter acts, nothing of one job reaches the next."""

import re
from pathlib import Path
from typing import Any

import pytest

from polyreel_inference.engines.wan.engine import WanEngine
from polyreel_inference.host.description import check_description
from polyreel_inference.host.errors import Cancelled
from tests.wan.reporter import RememberingReporter
from tests.wan.running import Run, job_of, run


def test_the_description_names_all_models(engine: WanEngine) -> None:
    description = engine.describe()
    check_description(description)
    kinds = {model.name: model.kinds[0].kind for model in description.models}
    assert kinds == {"t2v": "t2v", "i2v": "i2v", "i2v-a14b": "i2v", "flf2v": "i2v", "t2v-4step": "t2v"}
    assert (description.engine, description.device, description.slots) == ("wan", "cpu", 1)


def test_text_becomes_a_video_and_a_poster(usual: dict[str, Run]) -> None:
    done = usual["t2v"]
    assert done.frames.shape == (5, 32, 32, 3)
    assert {role: kind for role, (kind, _) in done.reporter.outputs.items()} == {
        "result": "video/mp4",
        "poster": "image/jpeg",
    }
    assert done.message == ""
    assert done.reporter.stages == [
        ("loading", 0, 0),
        ("generating", 0, 2),
        ("generating", 1, 2),
        ("encoding", 2, 2),
        ("encoding", 2, 2),
    ]
    assert done.reporter.fractions == sorted(done.reporter.fractions)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        ("t2v", {"prompt": "mountains"}),
        ("t2v", {"negative_prompt": "mountains"}),
        ("t2v", {"guidance_scale": 2}),
        ("t2v", {"guidance_scale": 1}),
        ("t2v", {"shift": 2}),
        ("t2v", {"seed": 2}),
        ("t2v", {"steps": 3}),
        ("t2v", {"frames": 9}),
        ("t2v", {"fps": 8}),
        ("t2v", {"width": 48}),
        ("t2v-4step", {"shift": 2}),
        ("t2v-4step", {"steps": 3}),
    ],
)
def test_every_parameter_acts(
    engine: WanEngine, tmp_path: Path, usual: dict[str, Run], model: str, change: dict[str, Any]
) -> None:
    assert run(engine, tmp_path, model, **change).video != usual[model].video


@pytest.mark.parametrize("change", [{"guidance_scale": 1}, {"guidance_scale_2": 1}, {"prompt": ""}])
def test_every_parameter_of_two_experts_acts(
    engine: WanEngine, tmp_path: Path, pictures: dict[str, Path], change: dict[str, Any]
) -> None:
    image = {"image": pictures["image"]}
    usual = run(engine, tmp_path / "a", "i2v-a14b", image, steps=4)
    assert usual.video != run(engine, tmp_path / "b", "i2v-a14b", image, steps=4, **change).video


@pytest.mark.parametrize("model", ["i2v", "i2v-a14b", "flf2v"])
def test_the_picture_acts(engine: WanEngine, tmp_path: Path, pictures: dict[str, Path], model: str) -> None:
    ends = {} if model != "flf2v" else {"last_image": pictures["last_image"]}
    one = run(engine, tmp_path / "a", model, {"image": pictures["image"], **ends})
    other = run(engine, tmp_path / "b", model, {"image": pictures["last_image"], **ends})
    assert one.video != other.video


@pytest.mark.parametrize("model", ["i2v-a14b", "flf2v"])
def test_the_last_picture_acts(
    engine: WanEngine, tmp_path: Path, pictures: dict[str, Path], model: str
) -> None:
    first = {"image": pictures["image"]}
    one = run(engine, tmp_path / "a", model, first | {"last_image": pictures["last_image"]})
    other = run(engine, tmp_path / "b", model, first | {"last_image": pictures["image"]})
    assert one.video != other.video


def test_fragments_go_on_from_the_last_frame(
    engine: WanEngine, tmp_path: Path, pictures: dict[str, Path]
) -> None:
    image = {"image": pictures["image"]}
    one = run(engine, tmp_path / "a", "i2v", image)
    three = run(engine, tmp_path / "b", "i2v", image, num_fragments=3)
    assert len(three.frames) == 13
    assert three.message == "3 fragments are joined to 13 frames."
    # Both are encoded anew, so the frames they share are alike, not equal.
    assert abs(three.frames[:5].astype(float) - one.frames).mean() < 4
    chunks = [stage for stage in three.reporter.stages if stage[0] == "generating"]
    assert len(chunks) == 6


def test_a_prompt_longer_than_the_model_reads_is_told(engine: WanEngine, tmp_path: Path) -> None:
    prompt = "wave " * 300
    message = run(engine, tmp_path, "t2v", prompt=prompt, frames=1, steps=1).message
    assert re.fullmatch(r"The prompt is too long: its last \d+ tokens were not read\.", message)


def test_a_negative_prompt_longer_than_the_model_reads_is_told(engine: WanEngine, tmp_path: Path) -> None:
    told = r"The negative prompt is too long: its last \d+ tokens were not read\."
    done = run(engine, tmp_path, "t2v", negative_prompt="wave " * 300, frames=1, steps=1)
    assert re.fullmatch(told, done.message)


def test_nothing_of_one_job_reaches_the_next(
    engine: WanEngine, tmp_path: Path, usual: dict[str, Run], pictures: dict[str, Path]
) -> None:
    run(engine, tmp_path / "b", "i2v", {"image": pictures["image"]}, seed=9)
    run(engine, tmp_path / "c", "t2v", prompt="mountains", seed=9, steps=3, frames=9, width=48)
    assert run(engine, tmp_path / "d", "t2v").video == usual["t2v"].video


def test_a_seed_of_its_own_stays_the_same_when_the_task_is_tried_again(
    engine: WanEngine, tmp_path: Path
) -> None:
    resolved = [
        engine.resolve(_without_seed(engine, tmp_path / str(attempt), task))["seed"]
        for attempt, task in enumerate(("one", "one", "two"))
    ]
    assert resolved[0] == resolved[1] != resolved[2]


@pytest.mark.parametrize("cancel_at", [1, 2, 3, 4, 5])
def test_a_cancelled_job_ends_at_its_next_report(engine: WanEngine, tmp_path: Path, cancel_at: int) -> None:
    reporter = RememberingReporter(cancel_at=cancel_at)
    with pytest.raises(Cancelled):
        engine.generate(job_of(engine, tmp_path / "cancelled", "t2v"), reporter)
    assert len(reporter.stages) == cancel_at
    assert reporter.outputs == {}
    assert not list((tmp_path / "cancelled").glob("result*"))
    assert len(run(engine, tmp_path / "next", "t2v").frames) == 5


def _without_seed(engine: WanEngine, folder: Path, task: str) -> Any:
    job = job_of(engine, folder, "t2v", task=task)
    del job.parameters["seed"]
    return job
