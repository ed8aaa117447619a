"""While the device makes one group, the next one is prepared and the one before is encoded and sent."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Condition, Event

import numpy as np
import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.latentsync.audio.whisper_encoder import WhisperEncoder
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import load_whisper
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.engines.latentsync.lipsync import Lipsync, Studio
from polyreel_inference.engines.latentsync.plan import plan_job
from polyreel_inference.engines.latentsync.synthesis.chunk import SynthesisRequest
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.video_reader import VideoReader
from tests.latentsync.engine.jobs import described, job_of
from tests.latentsync.engine.running import one_face
from tests.latentsync.faces.scripted_landmarks import ScriptedLandmarks
from tests.media.clips import constant, tone, write_video, write_wav
from tests.serving.open_files import open_files
from tests.serving.streaming_reporter import RememberingReporter

LIMIT = 60
"""Seconds after which what is waited for has hung."""

GROUP = 16
GROUPS = 5
FRAMES = GROUP * GROUPS
RESOLUTION = 64
READ_AHEAD = 2
"""Faces that are steadied by those after them."""

BeforeStep = Callable[[int, int], None]
Device = Callable[[int, BeforeStep], None]
"""What happens while the group of this number is made."""


class Faces:
    """Looks at pictures and counts them, and those that are still held by anybody."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._pictures: list[weakref.ref[Image]] = []
        self.seen = 0
        self.most_alive = 0

    def __call__(self, call: int, image: Image) -> list[DetectedFace]:
        with self._changed:
            # The first look takes the first picture and nothing more.
            self.seen = call
            if all(reference() is not image for reference in self._pictures):
                self._pictures.append(weakref.ref(image))
            self._pictures = [reference for reference in self._pictures if reference() is not None]
            self.most_alive = max(self.most_alive, len(self._pictures))
            self._changed.notify_all()
        return one_face(image)

    def wait_for(self, count: int) -> bool:
        """Wait until so many frames of the result have been looked at."""
        with self._changed:
            return self._changed.wait_for(lambda: self.seen >= count, LIMIT)


class FakeDevice:
    """Makes white mouths; `during` is what happens meanwhile."""

    def __init__(self, during: Device) -> None:
        self._during = during
        self.groups = 0

    def __call__(self, request: SynthesisRequest, before_step: BeforeStep) -> list[Tensor]:
        assert threading.current_thread() is threading.main_thread()
        before_step(0, 1)
        self._during(self.groups, before_step)
        self.groups += 1
        return [torch.ones(chunk.frames, 3, RESOLUTION, RESOLUTION) for chunk in request.chunks]


@pytest.fixture(scope="module")
def whisper(folder: LatentSyncFolder) -> WhisperEncoder:
    return load_whisper(folder)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("overlap")
    return {
        "video": write_video(folder / "video.mp4", constant(25, FRAMES), 128, 112),
        "audio": write_wav(folder / "speech.wav", [tone(FRAMES / 25, 16000, 300)], 16000),
    }


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert not [one for one in threading.enumerate() if one.name in ("footage", "encoder")]


@pytest.fixture
def faces() -> Faces:
    return Faces()


@pytest.fixture
def make(
    whisper: WhisperEncoder, inputs: dict[str, Path], faces: Faces, tmp_path: Path
) -> Callable[[Device, RememberingReporter], FakeDevice]:
    """Run a job on a device and return that."""

    def run(during: Device, reporter: RememberingReporter) -> FakeDevice:
        device = FakeDevice(during)
        job = job_of(described(), tmp_path, inputs, steps=1)
        studio = Studio(whisper, ScriptedLandmarks(faces), RESOLUTION, 1, device)
        Lipsync(plan_job(job), job, reporter, studio).make()
        return device

    return run


Make = Callable[[Device, RememberingReporter], FakeDevice]


def nothing(group: int, before_step: BeforeStep) -> None:
    """The device has nothing to wait for."""


def test_the_next_group_is_prepared_meanwhile(make: Make, faces: Faces) -> None:
    def during(group: int, before_step: BeforeStep) -> None:
        assert faces.wait_for(min(GROUP * (group + 2) + READ_AHEAD, FRAMES))

    assert make(during, RememberingReporter()).groups == GROUPS


def test_the_group_before_is_encoded_and_sent_meanwhile(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = RememberingReporter()
    playable = []
    encoded = [Event() for _ in range(GROUPS)]
    write, writing = FragmentWriter.write, iter(encoded)

    def watched_write(writer: FragmentWriter, group: Iterable[Image]) -> None:
        write(writer, group)
        next(writing).set()

    def during(group: int, before_step: BeforeStep) -> None:
        assert group == 0 or encoded[group - 1].wait(LIMIT)
        # What is encoded is sent before steps, which come one after the other on a real device, too.
        before_step(0, 1)
        playable.append(frames_in(reporter.outputs.get("result", b"")))

    def frames_in(video: bytes) -> int:
        path = tmp_path / "beginning.mp4"
        path.write_bytes(video)
        return len(VideoReader(path)) if video else 0

    monkeypatch.setattr(FragmentWriter, "write", watched_write)
    make(during, reporter)
    assert playable == [GROUP * group for group in range(GROUPS)]
    assert reporter.complete == ["poster", "result"]


def test_three_groups_are_held_at_most(make: Make, faces: Faces) -> None:
    make(nothing, RememberingReporter())
    # One prepared, one made, one encoded; those read ahead, and the decoder's own.
    assert faces.most_alive <= 3 * GROUP + READ_AHEAD + 2


def test_the_result_does_not_depend_on_who_is_first(make: Make, faces: Faces) -> None:
    def slow(group: int, before_step: BeforeStep) -> None:
        assert faces.wait_for(min(GROUP * (group + 2) + READ_AHEAD, FRAMES))

    one, other = RememberingReporter(), RememberingReporter()
    make(nothing, one)
    make(slow, other)
    assert one.outputs == other.outputs
    assert len(one.outputs["result"]) > 0


@pytest.mark.parametrize("fails_in", [None, 2])
def test_no_file_stays_open(
    make: Make, inputs: dict[str, Path], tmp_path: Path, fails_in: int | None
) -> None:
    opened: list[str] = []

    def during(group: int, before_step: BeforeStep) -> None:
        opened.extend(open_files(inputs["audio"].parent))
        if group == fails_in:
            raise torch.OutOfMemoryError("full")

    # What other tests have left goes first.
    gc.collect()
    gc.disable()
    try:
        with nullcontext() if fails_in is None else pytest.raises(torch.OutOfMemoryError):
            make(during, RememberingReporter())
        assert set(opened) >= {"video.mp4", "speech.wav"}
        assert open_files(inputs["audio"].parent) == []
        assert open_files(tmp_path) == []
    finally:
        gc.enable()


def test_a_failing_device_ends_the_job_and_its_threads(make: Make) -> None:
    def during(group: int, before_step: BeforeStep) -> None:
        if group == 2:
            raise torch.OutOfMemoryError("full")

    reporter = RememberingReporter()
    with pytest.raises(torch.OutOfMemoryError):
        make(during, reporter)
    assert reporter.complete == ["poster"]


def test_a_failing_preparation_ends_the_job(
    make: Make, faces: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(source: ScriptedLandmarks, image: Image) -> list[DetectedFace]:
        if faces.seen == 40:
            raise MemoryError
        return faces(faces.seen + 1, image)

    monkeypatch.setattr(ScriptedLandmarks, "find", find)
    with pytest.raises(MemoryError):
        make(nothing, RememberingReporter())


def test_a_cancel_ends_the_preparation_while_the_device_waits_for_it(
    make: Make, faces: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = RememberingReporter()

    def cancelled() -> None:
        if faces.seen >= 40:
            raise Cancelled

    monkeypatch.setattr(reporter, "check_cancelled", cancelled)
    with pytest.raises(Cancelled):
        make(nothing, reporter)
    assert faces.seen == 40


def test_a_cancel_while_the_last_group_is_encoded_ends_the_job(make: Make) -> None:
    class LateCancel(RememberingReporter):
        def check_cancelled(self) -> None:
            if self.reports and self.reports[-1].stage == "encoding" and self.reports[-1].chunk == GROUPS:
                raise Cancelled

    reporter = LateCancel()
    with pytest.raises(Cancelled):
        make(nothing, reporter)
    assert "result" not in reporter.complete
    assert np.frombuffer(reporter.outputs["result"], np.uint8).size > 0
