"""What a job does, by its parameters, its inputs and the operator's options. No weights."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from polyreel_inference.diffusion.negative_prompt import NEGATIVE_PROMPT
from polyreel_inference.engines.infinitetalk.plan import Plan
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.engines.infinitetalk.sampling.step_cache_coefficients import STEP_CACHE_COEFFICIENTS
from polyreel_inference.host.errors import EngineError, ErrorCode
from tests.infinitetalk.engine.offers import plan_of

Media = dict[str, Path]


def roles(media: Media, *names: str) -> Media:
    return {name: media[name] for name in names}


def plan(folder: Path, media: Media, *words: str, **given: Any) -> Plan:
    return plan_of(folder, roles(media, "image", "audio"), given, *words)


def test_what_nobody_asked_for(tmp_path: Path, media: Media) -> None:
    usual = plan(tmp_path, media)
    assert (usual.size.width, usual.size.height) == (704, 576)
    assert (usual.frames, usual.fps, usual.motion_frames) == (25, 25, 9)
    sampling = usual.sampling
    assert (sampling.steps, sampling.shift, sampling.text_scale, sampling.audio_scale) == (40, 7, 5, 4)
    assert (sampling.projection, sampling.step_cache_threshold) == (None, 0)
    assert (usual.prompt, usual.negative_prompt) == ("", NEGATIVE_PROMPT)
    assert (usual.masks, usual.color_correction, usual.split_scenes) == (None, 1, False)
    assert usual.remarks() == []


@pytest.mark.parametrize(
    ("given", "words", "size"),
    [
        ({"resolution": "720p"}, (), (1088, 832)),
        ({}, ("--size", "infinitetalk-720"), (1088, 832)),
        ({"resolution": "480p"}, ("--size", "infinitetalk-720"), (704, 576)),
        ({"width": 512, "height": 512}, (), (512, 512)),
        ({"width": 500, "height": 300}, (), (496, 304)),
        ({"width": 160}, (), (160, 128)),
        ({"height": 320}, (), (400, 320)),
        ({"width": 512, "height": 512, "resolution": "720p"}, (), (512, 512)),
    ],
)
def test_size(
    tmp_path: Path, media: Media, given: dict[str, Any], words: tuple[str, ...], size: tuple[int, int]
) -> None:
    made = plan(tmp_path, media, *words, **given)
    assert (made.size.width, made.size.height) == size
    assert {"width": size[0], "height": size[1]}.items() <= made.resolved().items()


@pytest.mark.parametrize(
    ("given", "words", "shift"),
    [
        ({"resolution": "720p"}, (), 11),
        ({"width": 512, "height": 512}, (), 7),
        ({"width": 1280, "height": 720}, (), 11),
        ({"width": 1280, "height": 720, "shift": 3}, (), 3),
        ({}, ("--sample_shift", "5"), 5),
        ({"shift": 2}, ("--sample_shift", "5"), 2),
        ({}, ("--lora_dir", "Wan2.1_I2V_14B_FusionX_LoRA.safetensors"), 2),
    ],
)
def test_shift(
    tmp_path: Path, media: Media, given: dict[str, Any], words: tuple[str, ...], shift: float
) -> None:
    assert plan(tmp_path, media, *words, **given).sampling.shift == shift


@pytest.mark.parametrize(
    ("given", "words", "frames", "shown"),
    [
        ({"seconds": 0.4}, (), 10, 10),
        ({"frames": 7}, (), 7, 7),
        ({"frames": 7, "seconds": 0.2}, (), 5, 5),
        ({"seconds": 40}, (), 25, 25),
        ({"seconds": 0.001}, (), 1, 1),
        ({"fps": 24}, (), 25, 24),
        ({"fps": 50, "frames": 20}, (), 10, 20),
        ({"fps": 60, "frames": 11}, (), 5, 11),
        ({"fps": 30, "frames": 9}, (), 7, 9),
        ({"fps": 30, "frames": 3}, (), 2, 3),
        ({"fps": 60, "frames": 1}, (), 1, 1),
        ({"fps": 10, "frames": 4}, (), 8, 4),
        ({"fps": 60, "frames": 1000}, (), 25, 60),
        ({"fps": 60, "frames": 20, "seconds": 0.2}, (), 5, 12),
        ({"fps": 1}, (), 25, 1),
        ({}, ("--max_frame_num", "9"), 9, 9),
        ({"seconds": 0.6}, ("--max_frame_num", "9"), 15, 15),
        ({}, ("--mode", "clip", "--frame_num", "13"), 13, 13),
    ],
)
def test_length(
    tmp_path: Path, media: Media, given: dict[str, Any], words: tuple[str, ...], frames: int, shown: int
) -> None:
    made = plan(tmp_path, media, *words, **given)
    assert made.frames == frames
    resolved = made.resolved()
    assert (resolved["frames"], resolved["seconds"]) == (shown, round(shown / resolved["fps"], 6))


@pytest.mark.parametrize(("mode", "frames"), [("para", 25), ("add", 37)])
def test_two_sounds(tmp_path: Path, media: Media, mode: str, frames: int) -> None:
    made = plan_of(tmp_path, roles(media, "image", "audio", "audio2"), {"audio_mode": mode})
    assert (made.frames, made.cast.tracks) == (frames, (0, 1))
    assert made.masks is not None
    assert made.masks.shape == (3, 576 // 16, 704 // 16)


@pytest.mark.parametrize(
    ("inputs", "given", "tracks"),
    [
        (("mask",), {}, (0, None)),
        (("mask", "mask2"), {"speaker": 2}, (None, 0)),
        ((), {"speaker": 2}, (None, 0)),
        ((), {"boxes": "4,4,36,60;44,4,76,60"}, (0, None)),
        ((), {"boxes": "4,4,60,36;4,44,60,76", "box_order": "yxyx", "speaker": 2}, (None, 0)),
        (("audio2",), {"boxes": "2,4,20,60; 30,4,48,60; 58,4,76,60"}, (0, 1, None)),
    ],
)
def test_who_speaks(
    tmp_path: Path,
    media: Media,
    inputs: tuple[str, ...],
    given: dict[str, Any],
    tracks: tuple[int | None, ...],
) -> None:
    made = plan_of(tmp_path, roles(media, "image", "audio", *inputs), given)
    assert made.cast.tracks == tracks
    assert made.masks is not None
    assert len(made.masks) == len(tracks) + 1


@pytest.mark.parametrize(
    ("given", "words", "threshold", "settings"),
    [
        ({"use_teacache": True}, (), 0.2, None),
        ({"use_teacache": True, "teacache_thresh": 0.3}, (), 0.3, None),
        ({}, ("--use_teacache", "--teacache_thresh", "0.1"), 0.1, None),
        ({"use_teacache": False}, ("--use_teacache",), 0, None),
        ({"use_apg": True}, (), 0, ProjectionSettings()),
        (
            {"use_apg": True, "apg_momentum": -0.5, "apg_norm_threshold": 30},
            (),
            0,
            ProjectionSettings(-0.5, 30),
        ),
        ({}, ("--use_apg", "--apg_momentum", "-0.5"), 0, ProjectionSettings(-0.5)),
    ],
)
def test_step_cache_and_projection(
    tmp_path: Path,
    media: Media,
    given: dict[str, Any],
    words: tuple[str, ...],
    threshold: float,
    settings: ProjectionSettings | None,
) -> None:
    sampling = plan(tmp_path, media, *words, **given).sampling
    assert (sampling.step_cache_threshold, sampling.projection) == (threshold, settings)
    assert sampling.step_cache_coefficients == (STEP_CACHE_COEFFICIENTS["480p"] if threshold else None)


def test_the_operator_decides_for_requests_that_do_not_say(tmp_path: Path, media: Media) -> None:
    words = (
        *("--sample_steps", "8", "--sample_text_guide_scale", "1", "--sample_audio_guide_scale", "2"),
        *("--motion_frame", "5", "--base_seed", "42", "--color_correction_strength", "0.5", "--scene_seg"),
    )
    made = plan(tmp_path, media, *words)
    assert (made.sampling.steps, made.sampling.text_scale, made.sampling.audio_scale) == (8, 1, 2)
    assert (made.motion_frames, made.seed, made.color_correction, made.split_scenes) == (5, 42, 0.5, True)
    said = plan(tmp_path, media, *words, steps=3, guidance_scale=4, motion_frames=9, seed=7)
    assert (said.sampling.steps, said.sampling.text_scale, said.motion_frames, said.seed) == (3, 4, 9, 7)


def test_a_negative_prompt_that_nothing_sees_is_told(tmp_path: Path, media: Media) -> None:
    made = plan(tmp_path, media, guidance_scale=1, negative_prompt="blur")
    assert made.negative_prompt is None
    assert "negative_prompt" not in made.resolved()
    assert made.remarks() == ["The negative_prompt was not used, as guidance_scale is 1."]
    seen = plan(tmp_path, media, negative_prompt="blur")
    assert (seen.negative_prompt, seen.resolved()["negative_prompt"], seen.remarks()) == ("blur", "blur", [])


def test_a_seed_of_its_own_stays_the_same_when_the_task_is_tried_again(tmp_path: Path, media: Media) -> None:
    inputs = roles(media, "image", "audio")
    seeds = [plan_of(tmp_path, inputs, {"task": task}).seed for task in ("one", "one", "two")]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.mark.parametrize(
    ("inputs", "given", "code", "message"),
    [
        ((), {"motion_frames": 8}, "INVALID_INPUT", "must be 4m.1; the nearest are 5 and 9"),
        ((), {"motion_frames": 3}, "INVALID_INPUT", "the nearest are 1 and 5"),
        ((), {"width": 2048, "height": 2048}, "INVALID_INPUT", "at most 2088960"),
        ((), {"height": 2048}, "INVALID_INPUT", "The width would be 2560 by the shape"),
        ((), {"boxes": "1,2,3"}, "INVALID_INPUT", "four numbers"),
        ((), {"boxes": "a person"}, "INVALID_INPUT", "four numbers"),
        ((), {"boxes": "0,0,80,64"}, "INVALID_INPUT", "fills the width"),
        (("mask",), {"boxes": "4,4,36,60"}, "INVALID_INPUT", "masks or by boxes"),
        (("mask2",), {}, "INVALID_INPUT", "give mask"),
        (("mask", "audio2"), {}, "INVALID_INPUT", "one for each speaker"),
        (("audio2",), {"speaker": 1}, "INVALID_INPUT", "one sound file only"),
        ((), {"speaker": 3}, "INVALID_INPUT", "there are 2 people"),
    ],
)
def test_refusals(
    tmp_path: Path, media: Media, inputs: tuple[str, ...], given: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(EngineError, match=message) as refused:
        plan_of(tmp_path, roles(media, "image", "audio", *inputs), given)
    assert refused.value.code == code


def test_a_sound_shorter_than_a_frame_is_refused(tmp_path: Path, media: Media) -> None:
    with pytest.raises(EngineError, match="too short") as refused:
        plan_of(tmp_path, {"image": media["image"], "audio": media["short"]}, {})
    assert refused.value.code is ErrorCode.AUDIO_TOO_SHORT


@pytest.mark.parametrize("size", [(9000, 1), (1, 9000)])
def test_a_reference_of_which_hardly_anything_would_be_seen_is_refused(
    tmp_path: Path, media: Media, size: tuple[int, int]
) -> None:
    """Scaled to the video's shorter side it would take gigabytes, for a few pixels of it."""
    Image.new("RGB", size).save(tmp_path / "line.png")
    inputs = roles(media, "audio") | {"image": tmp_path / "line.png"}
    with pytest.raises(EngineError, match=f"{size[0]}x{size[1]} .* crop it") as refused:
        plan_of(tmp_path, inputs, {})
    assert refused.value.code is ErrorCode.INVALID_INPUT


def test_the_smallest_reference_is_taken(tmp_path: Path, media: Media) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    made = plan_of(tmp_path, roles(media, "audio") | {"image": tmp_path / "dot.png"}, {})
    assert (made.size.width, made.size.height) == (640, 640)


def test_a_black_mask_is_refused(tmp_path: Path, media: Media) -> None:
    inputs = {**roles(media, "image", "audio"), "mask": media["black"]}
    with pytest.raises(EngineError, match="black all over"):
        plan_of(tmp_path, inputs, {})
