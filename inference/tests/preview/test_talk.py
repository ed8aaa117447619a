from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.preview.talk import NO_FACE, ONE_FACE
from polyreel_inference.media.audio import audio_duration
from tests.preview.conftest import SECOND_SPEECH, SPEECH, TURNS_FPS
from tests.preview.jobs import SAMPLES, Run, run_job
from tests.preview.measuring import (
    FloatArray,
    difference,
    frames_of,
    in_pause,
    loudness,
    openings,
    streams_of,
)


def test_the_mouth_is_open_while_there_is_sound_and_rests_in_the_pauses(
    talking: Run, talking_opening: FloatArray
) -> None:
    opening = talking_opening
    volume = loudness(talking.video, 25.0, len(opening))
    pause = in_pause(volume, 25.0)
    loud = volume > 0.5 * volume.max()
    assert pause.sum() >= 10
    assert loud.sum() >= 15
    # Closed lips of still faces measure below 0.010 by re-detection; the portrait itself, smiling with its
    # teeth shown, measures 0.066.
    assert opening[pause].max() < 0.012
    assert np.median(opening[loud]) > 0.05
    assert np.percentile(opening[loud], 10) > 0.025
    # Lips lead and follow the sound by a frame or two, and hiss is loud with nearly closed lips: around 0.8
    # is what the lips of people reach against loudness as well.
    assert np.corrcoef(opening, volume)[0, 1] > 0.7


def test_lips_do_not_jitter(talking_opening: FloatArray) -> None:
    opening = talking_opening
    steps = np.diff(opening)
    # A lip travels at most half its range within a frame, and rarely turns round at every frame.
    assert np.abs(steps).max() < 0.06
    turns = (steps[1:] * steps[:-1] < 0) & (np.minimum(np.abs(steps[1:]), np.abs(steps[:-1])) > 0.012)
    assert turns.mean() < 0.1


def test_the_file_is_h264_and_aac_as_long_as_the_speech(talking: Run) -> None:
    video = streams_of(talking.video)
    assert (video.codec, video.pixel_format, video.size) == ("h264", "yuv420p", (384, 384))
    assert (video.sound, video.sample_rate) == ("aac", 22_050)
    spoken = audio_duration(SPEECH)
    assert abs(video.duration - spoken) <= 1 / 25
    assert abs(video.frames / 25 - spoken) <= 1 / 25
    assert talking.resolved["seconds"] == pytest.approx(video.frames / 25)
    assert talking.message == ""
    head = talking.video.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_progress_counts_the_frames_and_a_poster_comes_with_the_result(talking: Run) -> None:
    reporter = talking.reporter
    fractions = [fraction for _, fraction, _, _ in reporter.steps]
    assert fractions == sorted(fractions)
    assert [stage for stage, *_ in reporter.steps][-1] == "encoding"
    total = reporter.steps[-1][3]
    assert total == round(talking.resolved["seconds"] * 25)
    assert any(step == total for _, _, step, _ in reporter.steps)
    assert any(remaining is not None for remaining in reporter.remaining)
    media_type, poster = reporter.outputs["poster"]
    assert media_type == "image/jpeg"
    assert poster.read_bytes()[:2] == b"\xff\xd8"


def test_the_person_blinks_and_the_head_moves_a_little(talking: Run) -> None:
    frames = frames_of(talking.video)
    hair = np.s_[10:60, 130:220]  # above the face: moves with the head only
    moved = max(difference(frames[0][hair], frame[hair]) for frame in frames)
    assert moved > 1.0


def test_motionless_in_the_prompt_and_no_guidance_give_a_still_picture(tmp_path: Path) -> None:
    inputs = {"image": SAMPLES / "portrait.jpg", "audio": SPEECH}
    run = run_job(
        tmp_path,
        "talk",
        inputs,
        width=256,
        seconds=1.0,
        prompt="motionless",
        audio_guidance_scale=0.0,
        watermark=False,
        seed=1,
    )
    frames = frames_of(run.video)
    assert len(frames) == 25
    assert difference(frames[5], frames[20]) < 1.5
    assert openings([frames[20]])[0, 0] < 0.012


def test_two_people_take_turns(taking_turns: Run) -> None:
    frames = frames_of(taking_turns.video)
    first, second = openings(frames, expected=2).T
    turn = round(audio_duration(SPEECH) * TURNS_FPS)
    margin = 3  # a release of the lips
    # A speaking mouth varies; the waiting one stays closed all the time.
    assert first[:turn].max() > 0.06
    assert second[: turn - 1].max() < 0.015
    assert second[turn:].max() > 0.06
    assert first[turn + margin :].max() < 0.015
    both = audio_duration(SPEECH) + audio_duration(SECOND_SPEECH)
    assert abs(streams_of(taking_turns.video).duration - both) <= 1 / TURNS_FPS


def test_two_people_at_once_speak_as_long_as_the_longer_voice(tmp_path: Path) -> None:
    inputs = {"image": SAMPLES / "two-people.jpg", "audio": SECOND_SPEECH, "audio2": SPEECH}
    run = run_job(tmp_path, "talk", inputs, width=512, fps=5)
    assert abs(streams_of(run.video).duration - audio_duration(SPEECH)) <= 1 / 5
    first, second = openings(frames_of(run.video), expected=2).T
    assert min(first.max(), second.max()) > 0.05
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.7


def test_one_face_speaks_both_voices_and_says_so(tmp_path: Path) -> None:
    inputs = {"image": SAMPLES / "portrait.jpg", "audio": SECOND_SPEECH, "audio2": SPEECH}
    run = run_job(tmp_path, "talk", inputs, width=256, fps=5, audio_mode="add")
    assert run.message == ONE_FACE
    opening = openings(frames_of(run.video))[:, 0]
    turn = round(audio_duration(SECOND_SPEECH) * 5)
    assert min(opening[:turn].max(), opening[turn:].max()) > 0.05


def test_without_a_face_a_ring_beats_with_the_sound(tmp_path: Path) -> None:
    scene = run_job(
        tmp_path / "scene", "t2v", {}, prompt="mountains", width=320, height=240, frames=2, seed=1
    )
    inputs = {"image": scene.reporter.outputs["poster"][1], "audio": SPEECH}
    run = run_job(tmp_path / "talk", "talk", inputs, fps=12.5, watermark=False)
    assert run.message == NO_FACE
    frames = frames_of(run.video)
    volume = loudness(run.video, 12.5, len(frames))
    ring = np.array([float((frame[160:240, 100:220] > 235).mean()) for frame in frames])
    assert np.corrcoef(ring, volume)[0, 1] > 0.5
    assert difference(frames[0], frames[-1]) > 1


def test_a_video_as_reference_is_shown_to_and_fro_and_cut_at_the_end_of_the_sound(tmp_path: Path) -> None:
    inputs = {"video": SAMPLES / "portrait.mp4", "audio": SPEECH}
    run = run_job(tmp_path, "talk", inputs, width=256, fps=10)
    frames = frames_of(run.video)
    assert abs(len(frames) / 10 - audio_duration(SPEECH)) <= 1 / 10
    opening = openings(frames)[:, 0]
    assert np.corrcoef(opening, loudness(run.video, 10, len(frames)))[0, 1] > 0.6


def test_seconds_limit_the_length(tmp_path: Path) -> None:
    inputs = {"image": SAMPLES / "portrait.jpg", "audio": SPEECH}
    run = run_job(tmp_path, "talk", inputs, width=128, seconds=0.8)
    assert streams_of(run.video).duration == pytest.approx(0.8, abs=1 / 25)
