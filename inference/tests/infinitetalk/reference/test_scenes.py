"""Scenes of a reference video, and which frames of the result belong to them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.infinitetalk.reference.scenes import Scene, split_into_scenes
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.media.video_writer import VideoWriter

COLOURS = {"r": (200, 30, 30), "g": (30, 180, 60), "b": (40, 60, 220), "k": (0, 0, 0)}


def film(path: Path, shots: Sequence[tuple[str, int]], fps: float = 25, size: int = 64) -> Path:
    """One shot after the other, of a colour and a number of frames each, in which something moves."""
    with VideoWriter(path, size, size, fps) as writer:
        for colour, frames in shots:
            for number in range(frames):
                picture = np.full((size, size, 3), COLOURS[colour], np.uint8)
                if colour != "k":
                    picture[8:16, number % 40 : number % 40 + 8] = 255
                writer.write(picture)
    return path


def spans(scenes: Sequence[Scene]) -> list[tuple[int, int]]:
    return [(scene.start, scene.stop) for scene in scenes]


def test_cuts_divide_the_frames(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40), ("g", 30), ("b", 35)])

    assert spans(split_into_scenes(video, 105)) == [(0, 40), (40, 70), (70, 105)]


def test_a_video_without_cuts_is_one_scene(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 50)])

    assert split_into_scenes(video, 50) == [Scene(0, 50, 2, 47)]


def test_the_last_scene_goes_on_behind_the_end(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40), ("g", 30)])

    scenes = split_into_scenes(video, 200)

    assert spans(scenes) == [(0, 40), (40, 200)]
    assert [scenes[1].source_frame(frame) for frame in (0, 5, 27, 72, 144)] == [42, 45, 67, 67, 67]


def test_scenes_behind_the_last_frame_are_left_out(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40), ("g", 30), ("b", 35)])

    assert spans(split_into_scenes(video, 60)) == [(0, 40), (40, 60)]
    assert spans(split_into_scenes(video, 45)) == [(0, 45)]
    assert spans(split_into_scenes(video, 40)) == [(0, 40)]


def test_frames_of_the_source_keep_off_the_cuts(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40), ("g", 30)])

    first, second = split_into_scenes(video, 70)

    assert (first.first, first.last, second.first, second.last) == (2, 37, 42, 67)
    assert first.frames + second.frames == 70
    assert [first.source_frame(frame) for frame in (0, 1, 20, 39)] == [2, 2, 20, 37]


def test_a_fade_through_black_divides_in_its_middle(tmp_path: Path) -> None:
    brightness = [*np.linspace(1, 0, 30), *np.zeros(10), *np.linspace(0, 1, 30)]
    with VideoWriter(tmp_path / "film.mp4", 64, 64, 25) as writer:
        for share in brightness:
            writer.write(np.full((64, 64, 3), round(120 * share), np.uint8))

    assert spans(split_into_scenes(tmp_path / "film.mp4", 70)) == [(0, 35), (35, 70)]


def test_short_shots_belong_to_the_scene_before(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40), ("g", 6), ("b", 6), ("g", 40)])

    assert spans(split_into_scenes(video, 92)) == [(0, 40), (40, 92)]


def test_frames_are_counted_at_25_per_second(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 60), ("g", 60)], fps=50)

    assert spans(split_into_scenes(video, 60)) == [(0, 30), (30, 60)]


def test_large_pictures_are_watched_small(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 20), ("g", 20)], size=320)

    assert spans(split_into_scenes(video, 40)) == [(0, 20), (20, 40)]


def test_a_cancelled_job_stops_the_search(tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", [("r", 40)])
    seen = []

    def check() -> None:
        seen.append(1)
        if len(seen) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        split_into_scenes(video, 40, check)
    assert len(seen) == 5
