"""Jobs on a tiny model: what they make, that every parameter acts, that nothing of one reaches the next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.engine import InfiniteTalkEngine
from polyreel_inference.host.description import check_description
from polyreel_inference.host.errors import Cancelled, EngineError
from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.image import read_image
from polyreel_inference.media.probe import probe
from tests.infinitetalk.engine.running import job_of, run
from tests.serving.finished_run import Run
from tests.serving.streaming_reporter import RememberingReporter

Media = dict[str, Path]


def one(media: Media) -> Media:
    return {"image": media["image"], "audio": media["audio"]}


def two(media: Media) -> Media:
    return one(media) | {"audio2": media["audio2"]}


def test_the_description_is_complete(engine: InfiniteTalkEngine) -> None:
    description = engine.describe()
    check_description(description)
    (model,) = description.models
    assert (description.engine, model.name, description.device) == ("infinitetalk", "infinitetalk", "cpu")
    assert [(role.role, role.required, role.group) for role in model.kinds[0].inputs] == [
        ("image", True, "reference"),
        ("video", False, "reference"),
        ("audio", True, ""),
        ("audio2", False, ""),
        ("mask", False, ""),
        ("mask2", False, ""),
    ]


def test_a_picture_talks_with_the_sound_as_it_came(usual: Run, media: Media) -> None:
    assert usual.frames.shape == (13, 64, 64, 3)
    assert usual.message == ""
    facts = probe(usual.path)
    assert (facts.fps, facts.sample_rate, facts.channels) == (25, 22050, 1)
    heard, given = read_audio(usual.path, 22050), read_audio(media["audio"], 22050)
    assert np.abs(heard[3000:11000] - given[3000:11000]).max() < 0.05
    assert usual.reporter.complete == ["poster", "result"]
    usual.path.with_name("poster.jpg").write_bytes(usual.reporter.outputs["poster"])
    poster = read_image(usual.path.with_name("poster.jpg"))
    distances = np.abs(usual.frames.astype(float) - poster).mean(axis=(1, 2, 3))
    assert distances.argmin() == 0


def test_progress_tells_chunk_and_step(usual: Run) -> None:
    reports = usual.reporter.reports
    steps = [
        (report.chunk, report.chunks, report.step, report.steps)
        for report in reports
        if report.stage == "generating"
    ]
    assert steps == [(1, 2, 0, 1), (2, 2, 0, 1)]
    stages = [report.stage for report in reports]
    before = stages[: stages.index("generating")]
    # The sound, once more with every second of listening, then the prompt.
    assert len(before) >= 2
    assert set(before) == {"loading"}
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a person sings"},
        {"negative_prompt": "a hat"},
        {"guidance_scale": 2},
        {"guidance_scale": 1},
        {"audio_guidance_scale": 2},
        {"audio_guidance_scale": 1},
        {"shift": 2, "steps": 2},
        {"seed": 2},
        {"width": 96},
        {"fps": 12.5},
        {"frames": 4},
        {"seconds": 0.16},
        {"color_correction_strength": 0},
        {"use_apg": True},
        {"speaker": 2},
        {"boxes": "4,4,36,60"},
    ],
)
def test_every_parameter_acts(
    engine: InfiniteTalkEngine, tmp_path: Path, brief: Run, media: Media, change: dict[str, Any]
) -> None:
    assert run(engine, tmp_path, one(media), **({"frames": 5} | change)).video != brief.video


def test_the_length_of_the_motion_acts(
    engine: InfiniteTalkEngine, tmp_path: Path, usual: Run, media: Media
) -> None:
    assert run(engine, tmp_path, one(media), motion_frames=1).video != usual.video


@pytest.mark.parametrize("change", [{"apg_momentum": 0.5}, {"apg_norm_threshold": 0.01}])
def test_every_parameter_of_projected_guidance_acts(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media, change: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"use_apg": True, "steps": 2, "frames": 5}
    plain = run(engine, tmp_path / "plain", one(media), **asked)
    assert run(engine, tmp_path / "changed", one(media), **(asked | change)).video != plain.video


def test_two_people_speak_their_own_sounds(engine: InfiniteTalkEngine, tmp_path: Path, media: Media) -> None:
    both = run(engine, tmp_path / "both", two(media), frames=5)
    assert run(engine, tmp_path / "turn", two(media), frames=5, audio_mode="add").video != both.video
    assert (probe(both.path).sample_rate, probe(both.path).channels) == (44100, 2)
    exchanged = two(media) | {"audio": media["audio2"], "audio2": media["audio"]}
    assert run(engine, tmp_path / "exchanged", exchanged, frames=5).video != both.video


def test_masks_act(engine: InfiniteTalkEngine, tmp_path: Path, media: Media) -> None:
    halves = run(engine, tmp_path / "halves", two(media), frames=5)
    swapped = two(media) | {"mask": media["mask2"], "mask2": media["mask"]}
    assert run(engine, tmp_path / "masks", swapped, frames=5).video != halves.video


def test_a_chunk_may_add_no_frame_at_few_frames_per_second(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media
) -> None:
    made = run(engine, tmp_path, one(media), fps=1, frames=None, seconds=13 / 25)
    assert len(made.frames) == made.resolved["frames"] == 1
    assert {report.chunk for report in made.reporter.reports if report.stage == "generating"} == {1, 2}


@pytest.mark.parametrize(("fps", "frames"), [(60, 11), (30, 9), (10, 2)])
def test_no_more_frames_come_than_are_asked_for(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media, fps: float, frames: int
) -> None:
    made = run(engine, tmp_path, one(media), fps=fps, frames=frames)
    assert len(made.frames) == made.resolved["frames"] == frames


@pytest.mark.parametrize("role", ["video", "image"])
def test_a_video_talks(engine: InfiniteTalkEngine, tmp_path: Path, media: Media, role: str) -> None:
    """Whatever the request calls it: documents name a field image_path and put videos there."""
    inputs = {role: media["video"], "audio": media["audio"]}
    assert len(run(engine, tmp_path, inputs, frames=9, scene_seg=True).frames) == 9


def test_nothing_of_one_job_reaches_the_next(
    engine: InfiniteTalkEngine, tmp_path: Path, usual: Run, media: Media
) -> None:
    run(engine, tmp_path / "other", two(media), seed=9, use_apg=True, frames=5)
    assert run(engine, tmp_path / "again", one(media)).video == usual.video


def test_a_prompt_longer_than_the_model_reads_is_told(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media
) -> None:
    message = run(engine, tmp_path, one(media), prompt="word " * 600, frames=1).message
    assert message.startswith("The prompt is too long: its last ")


@pytest.mark.parametrize("cancel_at", [1, 2, 3, 6])
def test_a_cancelled_job_ends_at_its_next_report(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media, cancel_at: int
) -> None:
    reporter = RememberingReporter(cancel_at=cancel_at)
    with pytest.raises(Cancelled):
        engine.generate(job_of(engine.describe(), tmp_path / "cancelled", one(media)), reporter)
    assert len(reporter.reports) == cancel_at
    assert "result" not in reporter.complete
    assert len(run(engine, tmp_path / "next", one(media), frames=1).frames) == 1


def test_a_job_that_cannot_be_is_refused_before_it_begins(
    engine: InfiniteTalkEngine, tmp_path: Path, media: Media
) -> None:
    with pytest.raises(EngineError, match="too short"):
        engine.resolve(job_of(engine.describe(), tmp_path, one(media) | {"audio": media["short"]}))
