"""Groups of frames: which chunks they become, and that no more than one group of them is held."""

import gc
import weakref
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder, WhisperSizes
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFrame
from polyreel_inference.engines.latentsync.pictures.alignment import Template
from polyreel_inference.engines.latentsync.pictures.paste import Paster
from polyreel_inference.engines.latentsync.preparing import Preparation, PreparedGroup, group_frames
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DenoiseSettings
from polyreel_inference.engines.latentsync.synchronising import FinishedFrame, Synchroniser
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise, SynthesisRequest
from polyreel_inference.host.errors import EngineError
from tests.media.clips import tone

RESOLUTION = 64
MATRIX = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


class Frames:
    """Frames of one grey level each, which know how many of them live at a time."""

    def __init__(self, count: int, faceless: frozenset[int] = frozenset()) -> None:
        self._count, self._faceless = count, faceless
        self._alive: list[weakref.ref[np.ndarray]] = []
        self.most_alive = 0

    def __iter__(self) -> Iterator[AlignedFrame]:
        for index in range(self._count):
            image = np.full((80, 64, 3), index % 256, np.uint8)
            self._alive = [one for one in self._alive if one() is not None]
            self._alive.append(weakref.ref(image))
            self.most_alive = max(self.most_alive, len(self._alive))
            if index in self._faceless:
                yield AlignedFrame(index, image, None, None)
            else:
                crop = np.full((RESOLUTION, RESOLUTION, 3), index % 256, np.uint8)
                yield AlignedFrame(index, image, MATRIX, crop)


class Synthesis:
    """Remembers the grey levels of the crops of every request and makes all of them white."""

    def __init__(self) -> None:
        self.requests: list[list[list[int]]] = []
        self.groups: list[tuple[int, int]] = []

    def __call__(self, group: PreparedGroup, request: SynthesisRequest) -> list[Tensor]:
        self.groups.append((group.first, len(group.frames)))
        self.requests.append([chunk.crops[:, 0, 0, 0].tolist() for chunk in request.chunks])
        return [torch.ones(chunk.frames, 3, RESOLUTION, RESOLUTION) for chunk in request.chunks]


@pytest.fixture(scope="module")
def features() -> SpeechFeatures:
    torch.manual_seed(0)
    encoder = WhisperEncoder(WhisperSizes(mels=80, context=1500, width=8, heads=2, layers=1))
    torch.nn.init.normal_(encoder.positional_embedding)
    return SpeechFeatures(encoder, tone(1.0, 16000))


def finished(
    features: SpeechFeatures,
    order: FrameOrder,
    footage: Iterable[AlignedFrame],
    synthesis: Synthesis,
    chunks_at_once: int = 1,
) -> Iterator[Iterator[FinishedFrame]]:
    """The groups of frames of a whole job."""
    noise, settings = JobNoise(1, RESOLUTION), DenoiseSettings(1)
    preparation = Preparation(order, features, noise, settings, chunks_at_once=chunks_at_once)
    synchroniser = Synchroniser(synthesis, Paster(Template(RESOLUTION), "rectangle"), with_mask=False)
    return synchroniser.groups(preparation.groups(footage))


def test_chunks_are_sixteen_frames_and_a_rest(features: SpeechFeatures) -> None:
    order, synthesis = FrameOrder(40, 40, 25), Synthesis()
    lengths = [len(list(group)) for group in finished(features, order, Frames(40), synthesis)]
    assert lengths == [16, 16, 8]
    assert group_frames(order, 1) == 16
    assert synthesis.requests == [[list(range(16))], [list(range(16, 32))], [list(range(32, 40))]]
    assert synthesis.groups == [(0, 16), (16, 16), (32, 8)]


def test_several_chunks_are_made_at_once(features: SpeechFeatures) -> None:
    order, synthesis = FrameOrder(40, 40, 25), Synthesis()
    groups = finished(features, order, Frames(40), synthesis, chunks_at_once=2)
    assert [len(list(group)) for group in groups] == [32, 8]
    assert group_frames(order, 2) == 32
    assert [[len(chunk) for chunk in request] for request in synthesis.requests] == [[16, 16], [8]]


def test_fast_footage_becomes_chunks_of_every_second_frame(features: SpeechFeatures) -> None:
    order, synthesis = FrameOrder(32, 32, 50), Synthesis()
    assert [len(list(group)) for group in finished(features, order, Frames(32), synthesis)] == [32]
    assert group_frames(order, 1) == 32
    assert synthesis.requests == [[list(range(0, 32, 2)), list(range(1, 32, 2))]]


def test_frames_without_a_face_are_in_no_chunk(features: SpeechFeatures) -> None:
    order, synthesis = FrameOrder(32, 32, 25), Synthesis()
    faceless = frozenset({3, *range(16, 32)})
    groups = finished(features, order, Frames(32, faceless), synthesis)
    frames = [frame for group in groups for frame in group]
    assert synthesis.requests == [[[index for index in range(16) if index != 3]]]
    middles = [int(frame.image[25, 25, 0]) for frame in frames]
    assert middles == [index if index in faceless else 255 for index in range(32)]


def test_groups_may_be_used_up_later(features: SpeechFeatures) -> None:
    """An encoder in another thread is behind."""
    groups = list(finished(features, FrameOrder(40, 40, 25), Frames(40, frozenset({3, 20})), Synthesis()))
    middles = [int(frame.image[25, 25, 0]) for group in groups for frame in group]
    assert middles == [index if index in (3, 20) else 255 for index in range(40)]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_out_of_range_fail_the_job(features: SpeechFeatures, number: float) -> None:
    class Overflowing(Synthesis):
        def __call__(self, group: PreparedGroup, request: SynthesisRequest) -> list[Tensor]:
            made = super().__call__(group, request)
            made[0][3, 1, 20, 30] = number
            return made

    (group,) = finished(features, FrameOrder(5, 5, 25), Frames(5), Overflowing())
    assert len([next(group) for _ in range(3)]) == 3
    with pytest.raises(EngineError, match="left the range") as caught:
        next(group)
    assert not caught.value.retryable


@pytest.mark.parametrize("seconds", [2, 20])
def test_the_frames_held_do_not_grow_with_the_length(features: SpeechFeatures, seconds: int) -> None:
    count = 25 * seconds
    frames = Frames(count)
    groups = finished(features, FrameOrder(count, count, 25), frames, Synthesis())
    assert sum(1 for group in groups for _ in group) == count
    gc.collect()
    assert frames.most_alive <= 16 + 2
