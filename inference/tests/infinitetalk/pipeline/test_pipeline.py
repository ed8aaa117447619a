"""The loop over chunks: how many frames come when, what acts on them, what is kept in between."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from polyreel_inference.engines.infinitetalk.loading import LoadSettings
from polyreel_inference.engines.infinitetalk.pipeline.chunk_noise import ChunkNoise
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import InfiniteTalkPipeline
from polyreel_inference.engines.infinitetalk.pipeline.takes import plan_takes
from polyreel_inference.engines.infinitetalk.pipeline.talk_request import TalkRequest
from polyreel_inference.engines.infinitetalk.reference.color_correction import ColorCorrection
from polyreel_inference.engines.infinitetalk.reference.fitting import as_tensor, fit_picture
from polyreel_inference.engines.infinitetalk.reference.scenes import Scene
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource, StillReference
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.media.orientation import Frame
from polyreel_inference.parallel.gate import Check
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden import assert_close, golden
from tests.infinitetalk.golden_inputs import embedding, picture
from tests.infinitetalk.pipeline.making import CHUNK_FRAMES, MOTION_FRAMES, Loaded, load, made, talk, video

ONE_FORWARD = {"steps": 1, "text_scale": 1.0, "audio_scale": 1.0}


@dataclass
class Watched:
    """A denoiser that keeps the chunks it was given, and what it made of them."""

    loaded: Loaded
    requests: list[ChunkRequest] = field(default_factory=list)

    def denoise(self, request: ChunkRequest, check: Check) -> Tensor:
        self.requests.append(request)
        return self.loaded.denoise(request, check)

    @property
    def pipeline(self) -> InfiniteTalkPipeline:
        return InfiniteTalkPipeline(self.loaded.networks, self.denoise)


class Moving(ReferenceSource):
    """Another picture for every frame, and a list of those that were asked for."""

    def __init__(self, *, is_still: bool = False) -> None:
        self.still = is_still
        self.height, self.width = 70, 80
        self.asked: list[int] = []

    def picture(self, frame: int) -> Frame:
        self.asked.append(frame)
        return picture(70, 80, frame)


@pytest.mark.parametrize(
    ("frames", "chunks"), [(1, [1]), (9, [9]), (10, [9, 1]), (13, [9, 4]), (16, [9, 4, 3])]
)
def test_frames_are_as_many_as_the_speech_and_come_chunk_by_chunk(
    loaded: Loaded, reference: StillReference, frames: int, chunks: list[int]
) -> None:
    request = talk(reference, frames, sampling=ONE_FORWARD)
    assert request.chunk_frames == tuple(chunks)
    groups = made(loaded.pipeline, request)
    counts = [0] * len(chunks)
    for group in groups:
        assert group.pictures.shape[1:] == (3, 32, 32)
        assert 1 <= len(group.pictures) <= 4
        counts[group.chunk] += len(group.pictures)
        assert group.ends_chunk == (counts[group.chunk] == chunks[group.chunk])
    assert counts == chunks
    assert all(float(group.pictures.abs().max()) <= 1 for group in groups)


def test_a_chunk_is_handed_out_before_the_next_one_is_made(loaded: Loaded, reference: StillReference) -> None:
    steps: list[int] = []
    frames = loaded.pipeline.generate(talk(reference), steps.append)
    for group in frames:
        assert steps == list(range(2 * (group.chunk + 1)))
    assert steps == [0, 1, 2, 3]


def test_what_the_check_raises_ends_the_video_and_leaves_no_trace(
    loaded: Loaded, reference: StillReference, usual: Tensor
) -> None:
    def check(done: int) -> None:
        if done == 3:
            raise InterruptedError

    pipeline = loaded.pipeline
    frames = pipeline.generate(talk(reference), check)
    taken = [len(next(frames).pictures) for _ in range(3)]
    assert sum(taken) == CHUNK_FRAMES
    with pytest.raises(InterruptedError):
        next(frames)
    assert torch.equal(video(pipeline, talk(reference)), usual)


def test_a_video_left_in_the_middle_leaves_no_trace(
    loaded: Loaded, reference: StillReference, usual: Tensor
) -> None:
    frames = loaded.pipeline.generate(talk(reference), lambda _: None)
    next(iter(frames))
    del frames
    assert torch.equal(video(loaded.pipeline, talk(reference)), usual)


CHANGES: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": "A man sings."},
    "negative prompt": {"negative_prompt": "bright"},
    "seed": {"seed": 43},
    "steps": {"sampling": {"steps": 3}},
    "shift": {"sampling": {"shift": 3.0}},
    "text scale": {"sampling": {"text_scale": 3.0}},
    "audio scale": {"sampling": {"audio_scale": 2.0}},
    "projection": {"sampling": {"projection": ProjectionSettings()}},
    "color correction": {"color_correction": 0.0},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_part_of_a_request_acts(
    loaded: Loaded, reference: StillReference, usual: Tensor, name: str
) -> None:
    changed = video(loaded.pipeline, talk(reference, **CHANGES[name]))
    assert (changed - usual).abs().max() > 1e-3


def test_the_speech_acts(loaded: Loaded, reference: StillReference, usual: Tensor) -> None:
    takes = plan_takes(
        [embedding("somebody else", 12)], reference, chunk_frames=CHUNK_FRAMES, motion_frames=MOTION_FRAMES
    )
    assert (video(loaded.pipeline, talk(reference, takes=takes)) - usual).abs().max() > 1e-3


def test_people_are_told_apart_by_masks(files: InfiniteTalkFiles, reference: StillReference) -> None:
    pipeline = load(files, "multi").pipeline
    request = talk(reference, 9, people=2)
    assert request.masks is not None
    swapped = replace(request, masks=request.masks[[1, 0, 2]])
    assert (video(pipeline, request) - video(pipeline, swapped)).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("frames", "motion", "kept"), [(9, 5, (4, 9)), (9, 1, (8, 9)), (17, 13, (4, 17)), (5, 1, (4, 5))]
)
def test_a_chunk_begins_with_the_end_of_the_one_before(
    loaded: Loaded, reference: StillReference, frames: int, motion: int, kept: tuple[int, int]
) -> None:
    """Also where chunks share more frames than they add, so that some of them were not shown twice."""
    watched = Watched(loaded)
    takes = plan_takes([embedding("anna", 2 * frames)], reference, chunk_frames=frames, motion_frames=motion)
    shown = video(watched.pipeline, talk(reference, takes=takes, sampling=ONE_FORWARD))
    assert len(shown) == 2 * frames
    first, second, *_ = watched.requests
    picture = as_tensor(fit_picture(reference.picture(0), 32, 32))
    assert torch.allclose(first.motion, loaded.networks.encode_video(picture[None]), atol=1e-6)
    assert second.motion.shape[1] == (motion - 1) // 4 + 1
    assert torch.equal(second.motion, loaded.networks.encode_video(shown[kept[0] : kept[1]]))


def test_every_frame_has_the_colours_of_the_reference(loaded: Loaded, reference: StillReference) -> None:
    plain = made(loaded.pipeline, talk(reference, 9, color_correction=0.0))
    corrected = made(loaded.pipeline, talk(reference, 9))
    correction = ColorCorrection(as_tensor(fit_picture(reference.picture(0), 32, 32)))
    for before, after in zip(plain, corrected, strict=True):
        wanted = correction.apply(before.pictures.transpose(0, 1)).transpose(0, 1)
        torch.testing.assert_close(after.pictures, wanted)


def test_a_still_picture_is_encoded_once_and_a_video_at_the_start_of_each_chunk(loaded: Loaded) -> None:
    still, moving = Moving(is_still=True), Moving()
    watched = Watched(loaded)
    for source in (still, moving):
        made(watched.pipeline, talk(source, 17, sampling=ONE_FORWARD))
    assert still.asked == [0]
    assert moving.asked == [0, 4, 8]
    conditions = [request.condition for request in watched.requests]
    assert all(torch.equal(condition, conditions[0]) for condition in conditions[:3])
    assert not torch.equal(conditions[4], conditions[5])


def test_scenes_begin_anew_with_their_own_reference_and_speech(loaded: Loaded) -> None:
    moving, speech = Moving(), embedding("anna", 20)
    scenes = [Scene(0, 12, 2, 9), Scene(12, 20, 14, 17)]
    takes = plan_takes([speech], moving, scenes, chunk_frames=CHUNK_FRAMES, motion_frames=MOTION_FRAMES)
    watched, steps = Watched(loaded), list[int]()
    groups = made(watched.pipeline, talk(moving, takes=takes, sampling=ONE_FORWARD), steps.append)
    assert steps == [0, 1, 2]
    assert moving.asked == [2, 4, 14]
    assert [sum(len(g.pictures) for g in groups if g.chunk == chunk) for chunk in range(3)] == [9, 3, 8]
    assert [request.motion.shape[1] for request in watched.requests] == [1, 2, 1]
    assert torch.equal(watched.requests[2].windows[0, 2, 2], speech[14])
    assert torch.equal(watched.requests[2].noise, watched.requests[0].noise)


def test_people_need_speech_of_the_same_length(reference: StillReference) -> None:
    with pytest.raises(ValueError, match="same length"):
        plan_takes([embedding("anna", 9), embedding("ben", 10)], reference)


def test_guidance_by_text_needs_a_negative_prompt(loaded: Loaded, reference: StillReference) -> None:
    request = talk(reference, negative_prompt=None)
    with pytest.raises(ValueError, match="negative prompt"):
        made(loaded.pipeline, request)


def test_noise_is_that_of_the_original() -> None:
    noise, stored = ChunkNoise(42), golden("conditions")["noise"]
    for index, wanted in enumerate(stored):
        motion = 1 if index == 0 else 3
        drawn = noise.draw((16, 5, 8, 8), motion, steps=1, first=index == 0)
        # Processors without AVX2 round the logarithms and sines of normal numbers in another way.
        assert_close(drawn[:, motion:], wanted[:, motion:], tolerance=1e-5)


@pytest.mark.parametrize(
    "settings",
    [LoadSettings(offload="encoders"), LoadSettings(offload="blocks"), LoadSettings(vae_dtype=torch.float32)],
)
def test_where_weights_lie_does_not_change_the_video(
    files: InfiniteTalkFiles, reference: StillReference, usual: Tensor, settings: LoadSettings
) -> None:
    assert torch.equal(video(load(files, settings=settings).pipeline, talk(reference)), usual)


def alive(besides: Sequence[Tensor] = ()) -> list[Tensor]:
    """All tensors there are but those `besides`."""
    gc.collect()
    known = {id(one) for one in besides}
    # Not their subclasses without memory, which the compiler leaves behind in other tests.
    return [one for one in gc.get_objects() if type(one) in (Tensor, nn.Parameter) and id(one) not in known]


def size(tensors: list[Tensor]) -> tuple[int, int]:
    """How many tensors these are, and the bytes of their memory."""
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors}
    return len(tensors), sum(storages.values())


def test_no_chunk_takes_more_memory_than_those_before(loaded: Loaded, reference: StillReference) -> None:
    # Half as deep as the tiny model's, as there is much to decode.
    networks = replace(loaded.networks, vae=AutoencoderKLWan(base_dim=4, num_res_blocks=1).eval())
    pipeline = InfiniteTalkPipeline(networks, loaded.denoise)

    def request(chunks: int) -> TalkRequest:
        takes = plan_takes([embedding("anna", 4 * chunks + 1)], reference, chunk_frames=5, motion_frames=1)
        return talk(reference, takes=takes, size=(16, 16), sampling=ONE_FORWARD)

    made(pipeline, request(1))
    # Kept to the end: what other tests have left may go at any time, and leave its place to what is counted.
    before, long = alive(), request(50)
    found: list[tuple[int, int]] = []
    for group in pipeline.generate(long, lambda _: None):
        if group.ends_chunk and group.chunk in (2, 25, 48):
            found.append(size(alive(before)))
    assert found[0] > (0, 0)
    assert found == [found[0]] * 3
    del group, long
    assert size(alive(before)) == (0, 0)
