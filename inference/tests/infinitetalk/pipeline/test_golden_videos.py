"""Whole videos beside those of the original program."""

from functools import cache

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.pipeline.takes import plan_takes
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_of_box, halves
from polyreel_inference.engines.infinitetalk.speakers.boxes import box_of
from polyreel_inference.engines.infinitetalk.speakers.token_masks import token_masks
from polyreel_inference.media.orientation import Frame
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden_inputs import clip, embedding, picture
from tests.infinitetalk.golden_loops import CHUNK, LOOPS, SIZE, SOURCE, Loop, assert_same_video
from tests.infinitetalk.pipeline.making import Loaded, load, made, talk

HEIGHT, WIDTH = SOURCE


class Golden(ReferenceSource):
    """The golden picture, or the frames of the golden clip."""

    height, width = SOURCE

    def __init__(self, video_frames: int | None) -> None:
        self.still = video_frames is None
        self._frames = [picture(*SOURCE)] if video_frames is None else list(clip(video_frames, *SOURCE))

    def picture(self, frame: int) -> Frame:
        return self._frames[0 if self.still else frame]


@pytest.fixture(scope="module")
def models(files: InfiniteTalkFiles) -> dict[int, Loaded]:
    """The models by the number of people they are for."""
    return {1: load(files, "single"), 2: load(files, "multi")}


@cache
def masks(loop: Loop) -> Tensor | None:
    if loop.people == 1:
        return None
    areas: tuple[Area, ...] = halves(WIDTH, HEIGHT)
    if loop.boxes:
        boxes = [box_of(box, "yxyx", WIDTH, HEIGHT) for box in loop.boxes]
        areas = tuple(area_of_box(box, WIDTH, HEIGHT) for box in boxes)
    return token_masks(areas, SIZE[1], SIZE[0])


@pytest.mark.parametrize("name", LOOPS)
def test_the_video_is_that_of_the_original(models: dict[int, Loaded], name: str) -> None:
    loop = LOOPS[name]
    reference = Golden(loop.video_frames)
    takes = plan_takes(
        [embedding(f"person {person + 1}", loop.frames) for person in range(loop.people)],
        reference,
        most_frames=loop.most_frames,
        chunk_frames=CHUNK,
        motion_frames=loop.motion_frames,
    )
    projection = None if loop.projection is None else ProjectionSettings(norm=loop.projection)
    request = talk(
        reference,
        size=(SIZE[1], SIZE[0]),
        takes=takes,
        seed=loop.seed,
        masks=masks(loop),
        color_correction=loop.color_correction,
        sampling={
            "steps": loop.steps,
            "shift": loop.shift,
            "text_scale": loop.text_guidance,
            "audio_scale": loop.audio_guidance,
            "projection": projection,
        },
    )
    frames = made(models[loop.people].pipeline, request)
    found = torch.cat([group.pictures for group in frames]).transpose(0, 1)
    assert found.shape[1] == min(loop.frames, loop.most_frames)
    assert_same_video(found, name)
