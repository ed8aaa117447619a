from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.preview.image_motion import ImageMotion, choose_move
from polyreel_inference.engines.preview.scene import Scene
from polyreel_inference.engines.preview.theme import choose_theme
from polyreel_inference.media.image import read_image, resize_and_crop
from tests.preview.jobs import SAMPLES, numbered, run_job
from tests.preview.measuring import difference, frames_of, streams_of


@pytest.mark.parametrize(
    ("length", "frames"),
    [({"seconds": 0.5}, 15), ({"frames": 7}, 7), ({"frames": 7, "seconds": 9.0}, 7), ({"frames": 1}, 1)],
)
def test_a_scene_has_the_size_rate_and_length_asked_for(
    tmp_path: Path, length: dict[str, float], frames: int
) -> None:
    run = run_job(tmp_path, "t2v", {}, prompt="hills", width=201, height=128, fps=30, **length)
    video = streams_of(run.video)
    assert (video.size, video.fps, video.frames, video.sound) == ((200, 128), 30, frames, "")
    assert video.duration == pytest.approx(frames / 30, abs=0.005)
    assert run.resolved["frames"] == frames
    assert run.resolved["width"] == 200


def test_the_same_seed_paints_the_same_file_and_another_seed_another_scene(tmp_path: Path) -> None:
    folders = numbered(tmp_path)

    def paint(seed: int) -> bytes:
        run = run_job(next(folders), "t2v", {}, prompt="forest", width=192, height=128, frames=6, seed=seed)
        return run.video.read_bytes()

    assert paint(2**53) == paint(2**53)
    assert difference(Scene("forest", "", 1, 96, 64).render(0), Scene("forest", "", 2, 96, 64).render(0)) > 3


def test_an_absent_seed_stays_the_same_for_a_task(tmp_path: Path) -> None:
    one = run_job(tmp_path / "a", "t2v", {}, width=64, height=64, frames=1)
    two = run_job(tmp_path / "b", "t2v", {}, width=64, height=64, frames=1)
    assert one.resolved["seed"] == two.resolved["seed"]


@pytest.mark.parametrize(
    "prompt", ["snowy mountains", "sea", "desert", "forest fireflies", "city rain", "hills petals", "space"]
)
@pytest.mark.parametrize("size", [(160, 96), (64, 130)])
def test_every_place_moves_and_does_not_come_round_again(prompt: str, size: tuple[int, int]) -> None:
    scene = Scene(prompt, "", 5, *size)
    first = scene.render(0.0)
    assert first.shape == (size[1], size[0], 3)
    later = [difference(first, scene.render(time)) for time in (0.2, 2.0, 8.0, 30.0)]
    assert min(later) > 0.05
    assert later[3] > later[0]
    assert 8 < first.mean() < 245


def test_the_prompt_decides_and_negative_words_are_avoided() -> None:
    assert choose_theme("A boat on the ocean at night", "", 1).place == "sea"
    assert choose_theme("A boat on the ocean at night", "", 1).hour.stars == 1.0
    cat = choose_theme("A white cat sitting by the beach under sunset sky", "", 1)
    assert cat.place == "sea"
    assert cat.hour == choose_theme("sunset sea", "", 1).hour
    assert choose_theme("a cat", "", 1).place == "hills"
    assert choose_theme("city, then a forest", "city", 1).place == "forest"
    for seed in range(40):
        theme = choose_theme("something", "mountains, snow, birds", seed)
        assert theme.place != "mountains"
        assert not theme.weather & {"snow", "birds"}
    warm = Scene("red sky over hills", "", 4, 64, 64).render(0)[:20].mean(axis=(0, 1))
    plain = Scene("red sky over hills", "red", 4, 64, 64).render(0)[:20].mean(axis=(0, 1))
    assert warm[0] - warm[2] > plain[0] - plain[2] + 20


def test_an_image_moves_without_borders_and_obeys_size_and_seed(tmp_path: Path) -> None:
    inputs = {"image": SAMPLES / "portrait.jpg"}
    run = run_job(tmp_path / "a", "i2v", inputs, width=256, height=160, frames=20, seed=4, watermark=False)
    frames = frames_of(run.video)
    assert frames[0].shape == (160, 256, 3)
    assert len(frames) == 20
    steps = [difference(one, other) for one, other in pairwise(frames)]
    assert difference(frames[0], frames[-1]) > 3
    assert max(steps) < 2.5 * float(np.median(steps))  # no jump
    again = run_job(tmp_path / "b", "i2v", inputs, width=256, height=160, frames=20, seed=4, watermark=False)
    other = run_job(tmp_path / "c", "i2v", inputs, width=256, height=160, frames=20, seed=5, watermark=False)
    assert again.video.read_bytes() == run.video.read_bytes()
    assert difference(frames[-1], frames_of(other.video)[-1]) > 2


def test_a_clip_begins_with_its_image_and_ends_on_the_last_image() -> None:
    image = resize_and_crop(read_image(SAMPLES / "portrait.jpg"), 128, 128)
    last = np.ascontiguousarray(image[::-1, ::-1])
    motion = ImageMotion(image, last, choose_move("", 3), 25, 25.0)
    assert difference(motion.render(0), image) < 1
    assert difference(motion.render(24), last) < 1
    middle = motion.render(13)
    assert difference(middle, image) > 5
    assert difference(middle, last) > 5


def test_the_prompt_steers_the_camera() -> None:
    assert choose_move("camera pans left", 1).x < 0 < choose_move("pan right", 1).x
    assert choose_move("slowly zoom out", 1).reverse
    assert choose_move("slow", 1).zoom < choose_move("", 1).zoom < choose_move("fast", 1).zoom
