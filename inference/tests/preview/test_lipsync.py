from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.preview.engine import PreviewEngine
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import audio_duration
from tests.preview.conftest import SECOND_SPEECH
from tests.preview.jobs import SAMPLES, RememberingReporter, Run, job_of, run_job
from tests.preview.measuring import difference, frames_of, in_pause, loudness, openings, streams_of

FACE_TOP = np.s_[0:110, :]  # above the eyes of the sample: lip sync changes nothing here


def test_the_new_sound_moves_the_mouth(synchronised: Run) -> None:
    frames = frames_of(synchronised.video)
    opening = openings(frames)[:, 0]
    volume = loudness(synchronised.video, 25.0, len(frames))
    # The source speaks at other times: only the new sound may decide.
    assert np.corrcoef(opening, volume)[0, 1] > 0.65
    # In this pause the source's own mouth measures up to 0.08; closed over it, a shadow of the gap stays.
    assert opening[in_pause(volume, 25.0)].max() < 0.025
    assert abs(streams_of(synchronised.video).duration - audio_duration(SECOND_SPEECH)) <= 1 / 25


def test_the_footage_runs_to_and_fro(synchronised: Run) -> None:
    source = frames_of(SAMPLES / "portrait.mp4")
    result = frames_of(synchronised.video)
    count = len(source)
    assert len(result) > count + 10
    order = [*range(count), *range(count - 2, -1, -1)][: len(result)]
    for index in (0, count // 2, count - 1, count + 5, len(result) - 1):
        distances = [difference(result[index][FACE_TOP], frame[FACE_TOP]) for frame in source]
        assert distances[order[index]] <= min(distances) + 0.25
        assert distances[order[index]] < 3


def test_the_mask_video_greys_the_lower_face_of_every_frame(synchronised: Run) -> None:
    media_type, path = synchronised.reporter.outputs["mask"]
    assert media_type == "video/mp4"
    masks, result = frames_of(path), frames_of(synchronised.video)
    assert len(masks) == len(result)
    assert streams_of(path).sound == ""
    for mask in masks[::10]:
        lower = mask[190:215, 175:205].astype(int)
        assert np.abs(lower - 127).max() < 12
        assert np.abs(mask[FACE_TOP].astype(int) - 127).mean() > 25


def test_the_mask_can_be_left_out(tmp_path: Path) -> None:
    inputs = {"video": SAMPLES / "portrait.mp4", "audio": SECOND_SPEECH}
    run = run_job(tmp_path, "lipsync", inputs, width=192, fps=5, return_mask=False)
    assert set(run.reporter.outputs) == {"result", "poster"}
    assert run.resolved["height"] == 192


def test_footage_without_a_face_is_refused_before_any_work(tmp_path: Path) -> None:
    scene = run_job(tmp_path / "scene", "t2v", {}, prompt="sea", width=192, height=128, seconds=1, seed=1)
    inputs = {"video": scene.video, "audio": SECOND_SPEECH}
    reporter = RememberingReporter()
    with pytest.raises(EngineError, match="No face") as caught:
        PreviewEngine().generate(job_of(tmp_path / "job", "lipsync", inputs), reporter)
    assert caught.value.code is ErrorCode.FACE_NOT_DETECTED
    assert reporter.outputs == {}
    assert all(step == 0 for _, _, step, _ in reporter.steps)
