"""Jobs on a tiny model: what they make, that every parameter acts, that nothing of one reaches the next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyreel_inference.engines.latentsync.engine import LatentSyncEngine
from polyreel_inference.host.errors import Cancelled, EngineError, ErrorCode
from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.image import read_image
from polyreel_inference.media.probe import probe
from polyreel_inference.media.video_reader import VideoReader
from tests.latentsync.engine.jobs import job_of
from tests.latentsync.engine.running import FacesByPicture, run
from tests.media.clips import write_wav
from tests.serving.finished_run import Run
from tests.serving.streaming_reporter import RememberingReporter

Media = dict[str, Path]


def short(media: Media) -> Media:
    return {"video": media["video"], "audio": media["audio"]}


def long(media: Media) -> Media:
    return {"video": media["video"], "audio": media["longer"]}


def test_only_the_mouth_is_made_anew(usual: Run, media: Media) -> None:
    given = np.stack(list(VideoReader(media["video"]))[:5]).astype(int)
    change = np.abs(usual.frames - given).mean(axis=(0, 3))
    assert change[70:90, 50:80].mean() > 20
    untouched = np.concatenate([change[:45].ravel(), change[:, :20].ravel(), change[:, -20:].ravel()])
    assert untouched.max() < 12
    assert untouched.mean() < 2


def test_the_sound_is_heard_as_it_came(engine: LatentSyncEngine, tmp_path: Path, media: Media) -> None:
    done = run(engine, tmp_path, long(media), fps=5.0)
    facts = probe(done.path)
    assert (facts.sample_rate, facts.channels) == (44100, 2)
    heard, given = read_audio(done.path, 44100), read_audio(media["longer"], 44100)
    assert np.abs(heard[4000:50000] - given[4000:50000]).max() < 0.05


def test_a_poster_and_the_video_are_sent(usual: Run) -> None:
    assert usual.reporter.complete == ["poster", "result"]
    assert usual.message == ""
    assert probe(usual.path).fps == 25
    poster = usual.path.with_name("sent.jpg")
    poster.write_bytes(usual.reporter.outputs["poster"])
    distances = np.abs(usual.frames.astype(float) - read_image(poster)).mean(axis=(1, 2, 3))
    assert distances.argmin() == 0


def test_the_mask_shows_the_footage_with_what_is_made_in_grey(
    engine: LatentSyncEngine, tmp_path: Path, usual: Run, media: Media
) -> None:
    done = run(engine, tmp_path, short(media), return_mask=True)
    assert done.reporter.complete == ["poster", "result", "mask"]
    assert done.video == usual.video
    path = tmp_path / "sent.mp4"
    path.write_bytes(done.reporter.outputs["mask"])
    grey = np.stack(list(VideoReader(path)))
    assert grey.shape == done.frames.shape
    assert np.abs(grey[:, 75:85, 60:70].astype(int) - 127).max() < 12
    outside = grey[:, :45].astype(int) - done.frames[:, :45]
    assert np.abs(outside).mean() < 3


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 2},
        {"guidance_scale": 1.5},
        {"seed": 2},
        {"fps": 12.5},
        {"length": "original"},
        {"alignment": "original"},
        {"paste": "original"},
    ],
)
def test_every_parameter_acts(
    engine: LatentSyncEngine, tmp_path: Path, usual: Run, media: Media, change: dict[str, Any]
) -> None:
    assert run(engine, tmp_path, short(media), **change).video != usual.video


def test_the_cache_acts(engine: LatentSyncEngine, tmp_path: Path, media: Media) -> None:
    cached = run(engine, tmp_path / "cached", short(media), steps=2)
    assert run(engine, tmp_path / "exact", short(media), steps=2, deepcache=False).video != cached.video


def test_how_long_sounds_are_joined_acts(engine: LatentSyncEngine, tmp_path: Path, media: Media) -> None:
    speech = np.tile(read_audio(media["longer"], 16000), 26)
    inputs = short(media) | {"audio": write_wav(tmp_path / "half a minute.wav", [speech], 16000)}
    made = [
        run(engine, tmp_path / joins, inputs, fps=1.0, sound_joins=joins).frames.astype(int)
        for joins in ("overlapped", "original")
    ]
    assert made[0].shape == (32, 112, 128, 3)
    assert np.abs(made[0] - made[1]).max() > 2


def test_guidance_of_one_and_less_is_none(
    engine: LatentSyncEngine, tmp_path: Path, usual: Run, media: Media
) -> None:
    assert run(engine, tmp_path, short(media), guidance_scale=0.0).video == usual.video


def test_progress_tells_group_and_step_and_never_falls(
    engine: LatentSyncEngine, tmp_path: Path, media: Media
) -> None:
    reports = run(engine, tmp_path, long(media), steps=2).reporter.reports
    steps = [
        (report.chunk, report.chunks, report.step, report.steps)
        for report in reports
        if report.stage == "generating"
    ]
    assert steps == [(1, 2, 0, 2), (1, 2, 1, 2), (2, 2, 0, 2), (2, 2, 1, 2)]
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    times = [report.remaining_seconds for report in reports if report.stage != "loading"]
    assert times[0] is None
    assert all(time is not None and time >= 0 for time in times[1:])
    assert times[-1] == 0


@pytest.mark.parametrize("cancel_at", [1, 2, 3, 5])
def test_a_cancelled_job_ends_at_its_next_report_and_leaves_nothing(
    engine: LatentSyncEngine, tmp_path: Path, usual: Run, media: Media, cancel_at: int
) -> None:
    reporter = RememberingReporter(cancel_at=cancel_at)
    with pytest.raises(Cancelled):
        engine.generate(job_of(engine.describe(), tmp_path / "cancelled", short(media), steps=3), reporter)
    assert len(reporter.reports) == cancel_at
    assert "result" not in reporter.complete
    assert run(engine, tmp_path / "next", short(media)).video == usual.video


def test_nobody_to_be_seen_ends_the_job_before_it_computes(
    engine: LatentSyncEngine, faces: FacesByPicture, tmp_path: Path, media: Media
) -> None:
    faces.script = lambda _: []
    reporter = RememberingReporter()
    with pytest.raises(EngineError, match="No face was found") as caught:
        engine.generate(job_of(engine.describe(), tmp_path, short(media)), reporter)
    assert caught.value.code == ErrorCode.FACE_NOT_DETECTED
    assert [report.stage for report in reporter.reports] == ["loading"]
    assert reporter.outputs == {}
