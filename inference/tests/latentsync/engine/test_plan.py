"""Plans: what follows from the inputs, and inputs that cannot make a video."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyreel_inference.engines.latentsync.plan import original_frames
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.errors import UnreadableMedia
from tests.latentsync.engine.jobs import plan_of
from tests.media.clips import constant, ffmpeg, tone, write_video, write_wav


def inputs(
    folder: Path, seconds: float = 1.0, fps: float = 25, width: int = 96, height: int = 64
) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    return {
        "video": write_video(folder / "a 'video' & more.mp4", constant(fps, 8), width, height, rate=fps),
        "audio": write_wav(folder / "speech.wav", [tone(seconds, 16000)], 16000),
    }


def test_the_usual_parameters_are_the_original_s(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, inputs(tmp_path))
    assert (plan.steps, plan.guidance_scale, plan.seed, plan.deep_cache) == (20, 1.0, 1247, True)
    assert (plan.width, plan.height, plan.fps, plan.samples) == (96, 64, 25, 16000)
    assert (plan.mask, plan.overlapped_sound, plan.face_in_every_frame) == (False, True, False)
    assert (plan.face, plan.alignment, plan.pasted) == ("largest", "steady", "mouth")
    assert plan.resolved() == plan.parameters | {"fps": 25.0, "seed": 1247}


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"steps": 7}, "steps", 7),
        ({"guidance_scale": 1.5}, "guidance_scale", 1.5),
        ({"seed": 3}, "seed", 3),
        ({"deepcache": False}, "deep_cache", False),
        ({"return_mask": True}, "mask", True),
        ({"sound_joins": "original"}, "overlapped_sound", False),
        ({"face": "left"}, "face", "left"),
        ({"face": "original"}, "face", None),
        ({"alignment": "original"}, "alignment", "original"),
        ({"paste": "original"}, "pasted", "rectangle"),
        ({"no_face": "original"}, "face_in_every_frame", True),
        ({"fps": 50.0}, "frames", 50),
        ({"length": "original"}, "frames", 27),
    ],
)
def test_every_parameter_acts(tmp_path: Path, given: dict[str, Any], field: str, value: object) -> None:
    assert getattr(plan_of(tmp_path, inputs(tmp_path), **given), field) == value


@pytest.mark.parametrize("fps", [24, 25, 29.97, 60])
def test_the_video_keeps_the_rate_of_its_source(tmp_path: Path, fps: float) -> None:
    plan = plan_of(tmp_path, inputs(tmp_path, fps=fps))
    assert plan.fps == pytest.approx(fps, rel=1e-4)
    assert plan.frames == np.ceil(fps)


def test_rates_beyond_players_are_lowered(tmp_path: Path) -> None:
    assert plan_of(tmp_path, inputs(tmp_path, fps=120)).fps == 60


@pytest.mark.parametrize(("samples", "frames"), [(640, 1), (641, 2), (10880, 17)])
def test_the_video_ends_with_the_frame_in_which_the_sound_ends(
    tmp_path: Path, samples: int, frames: int
) -> None:
    plan = plan_of(tmp_path, inputs(tmp_path, samples / 16000))
    assert (plan.samples, plan.frames) == (samples, frames)


@pytest.mark.parametrize(
    ("samples", "frames"), [(160_000, 252), (480_000, 752), (496_100, 777), (592_000, 927), (640, 3)]
)
def test_the_original_s_length(samples: int, frames: int) -> None:
    assert original_frames(samples, 25) == frames


def test_odd_sizes_lose_a_line(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, inputs(tmp_path, width=97, height=65))
    assert (plan.width, plan.height) == (96, 64)


def test_a_turned_video_is_planned_as_it_is_shown(tmp_path: Path) -> None:
    given = inputs(tmp_path)
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", given["video"], "-c", "copy", turned)
    plan = plan_of(tmp_path, given | {"video": turned})
    assert (plan.width, plan.height) == (64, 96)


def test_a_seed_of_its_own_for_each_task(tmp_path: Path) -> None:
    given = inputs(tmp_path)
    plan = plan_of(tmp_path, given, "--seed", "-1")
    assert plan.resolved()["seed"] == plan.seed == plan_of(tmp_path, given, "--seed", "-1").seed


def test_sound_of_less_than_a_frame_is_too_short(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"at least 0\.04") as caught:
        plan_of(tmp_path, inputs(tmp_path, 639 / 16000))
    assert caught.value.code == ErrorCode.AUDIO_TOO_SHORT


def test_what_cannot_be_a_video_is_refused(tmp_path: Path) -> None:
    given = inputs(tmp_path)
    with pytest.raises(EngineError, match="only sound"):
        plan_of(tmp_path, given | {"video": given["audio"]})
    with pytest.raises(EngineError, match="64x48 pixels"):
        plan_of(tmp_path, inputs(tmp_path / "small", width=64, height=48))
    with pytest.raises(UnreadableMedia, match="no sound"):
        plan_of(tmp_path, given | {"audio": given["video"]})
