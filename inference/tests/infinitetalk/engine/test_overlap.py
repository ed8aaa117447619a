"""While a chunk is denoised, the one before is encoded and sent; whatever ends the job ends that as well."""

import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.engine import InfiniteTalkEngine
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.host.errors import Cancelled, EngineError
from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.errors import EncodingFailed
from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.video_reader import VideoReader
from polyreel_inference.parallel.gate import Gate
from tests.infinitetalk.engine.running import job_of
from tests.serving.open_files import open_files
from tests.serving.streaming_reporter import RememberedOutput, RememberingReporter

LIMIT = 60
"""Seconds after which what is waited for has hung."""

CHUNKS, FRAMES = 3, 17
"""Of 9, 4 and 4 frames."""

ONE_FORWARD: dict[str, Any] = {"guidance_scale": 1, "audio_guidance_scale": 1}


def nothing(chunk: int) -> None:
    """There is nothing to wait for."""


def unchanged(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
    """Encode what comes."""
    return frames


@dataclass
class Course:
    """What happens when; a test decides what device and encoder wait for, or fail by.

    `denoise` is called when a chunk's denoising has begun, `encode` when its encoding begins.
    """

    denoise: Callable[[int], None] = nothing
    encode: Callable[[int, Iterable[Frame]], Iterable[Frame]] = unchanged
    begun: list[Event] = field(default_factory=lambda: [Event() for _ in range(CHUNKS)])
    encoded: list[Event] = field(default_factory=lambda: [Event() for _ in range(CHUNKS)])
    sent: list[bytes] = field(default_factory=list)
    """What of the result was sent when the denoising of each chunk ended."""


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert encoders() == []


def told(reporter: RememberingReporter) -> list[tuple[str, float, int, int]]:
    """What was reported of the chunks; listening is reported as often as it takes seconds."""
    return [
        (report.stage, report.fraction, report.chunk, report.step)
        for report in reporter.reports
        if report.stage != "loading"
    ]


def encoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "encoder"]


Make = Callable[[Course, RememberingReporter], None]


@pytest.fixture
def make(
    engine: InfiniteTalkEngine, media: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """Run a job of three chunks that takes this course."""
    denoise, write, send = ChunkDenoiser.run, FragmentWriter.write, RememberedOutput.write

    def run(course: Course, reporter: RememberingReporter) -> None:
        owner = threading.current_thread()
        denoising, encoding = iter(range(CHUNKS)), iter(range(CHUNKS))

        def watched_denoise(denoiser: ChunkDenoiser, request: ChunkRequest, gate: Gate) -> Tensor:
            assert threading.current_thread() is owner
            chunk = next(denoising)
            course.begun[chunk].set()
            course.denoise(chunk)
            latents = denoise(denoiser, request, gate)
            course.sent.append(reporter.outputs.get("result", b""))
            return latents

        def watched_write(writer: FragmentWriter, group: Iterable[Frame]) -> None:
            chunk = next(encoding)
            write(writer, course.encode(chunk, group))
            course.encoded[chunk].set()

        def watched_send(output: RememberedOutput, data: bytes) -> None:
            assert threading.current_thread() is owner
            send(output, data)

        monkeypatch.setattr(ChunkDenoiser, "run", watched_denoise)
        monkeypatch.setattr(FragmentWriter, "write", watched_write)
        monkeypatch.setattr(RememberedOutput, "write", watched_send)
        inputs = {"image": media["image"], "audio": media["audio"]}
        engine.generate(job_of(engine.describe(), tmp_path, inputs, frames=FRAMES, **ONE_FORWARD), reporter)

    return run


class Cancellable(RememberingReporter):
    """Cancelled once `cancelled` is set; `all_decoded` once the last frame is reported."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled, self.all_decoded = Event(), Event()

    def progress(self, *told: Any, **rest: Any) -> None:
        super().progress(*told, **rest)
        if self.reports[-1].fraction == pytest.approx(0.99):
            self.all_decoded.set()

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled


def test_a_chunk_is_encoded_and_sent_while_the_next_one_is_denoised(make: Make, tmp_path: Path) -> None:
    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        assert chunk == CHUNKS - 1 or course.begun[chunk + 1].wait(LIMIT)
        return frames

    def denoise(chunk: int) -> None:
        # Its bytes are told by then, and its steps send them.
        assert chunk == 0 or course.encoded[chunk - 1].wait(LIMIT)

    course = Course(denoise, encode)
    reporter, undisturbed = RememberingReporter(), RememberingReporter()
    make(course, reporter)
    assert [sent.count(b"moof") for sent in course.sent] == [0, 1, 2]
    for sent, frames in zip(course.sent[1:], (9, 13), strict=True):
        beginning = tmp_path / "beginning.mp4"
        beginning.write_bytes(sent)
        assert len(list(VideoReader(beginning))) == frames
        assert len(read_audio(beginning, 22050)) >= frames / 25 * 22050
    assert reporter.complete == ["poster", "result"]
    fractions = [report.fraction for report in reporter.reports]
    assert fractions == sorted(fractions)

    make(Course(), undisturbed)
    assert undisturbed.outputs == reporter.outputs
    assert told(undisturbed) == told(reporter)


def test_a_failing_encoder_ends_the_job_at_the_next_step(make: Make) -> None:
    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        if chunk == 1:
            raise EncodingFailed("full")
        return frames

    def denoise(chunk: int) -> None:
        if chunk == 2:
            for thread in encoders():
                thread.join(LIMIT)

    reporter = RememberingReporter()
    with pytest.raises(EncodingFailed, match="full"):
        make(Course(denoise, encode), reporter)
    assert {report.chunk for report in reporter.reports} == {0, 1, 2}
    assert reporter.complete == ["poster"]
    assert reporter.outputs["result"].count(b"moof") == 1


def test_an_encoder_that_fails_with_the_last_chunk_fails_the_job(make: Make) -> None:
    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        if chunk == CHUNKS - 1:
            assert reporter.all_decoded.wait(LIMIT)
            raise EncodingFailed("full")
        return frames

    reporter = Cancellable()
    with pytest.raises(EncodingFailed, match="full"):
        make(Course(encode=encode), reporter)
    assert reporter.complete == ["poster"]


def test_a_cancel_while_a_chunk_is_encoded_and_the_next_one_denoised_ends_both(make: Make) -> None:
    encoding = Event()

    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        frames = iter(frames)
        first = next(frames)
        encoding.set()
        assert reporter.cancelled.wait(LIMIT)
        return chain([first], frames)

    def denoise(chunk: int) -> None:
        if chunk == 1:
            assert encoding.wait(LIMIT)
            reporter.cancelled.set()

    reporter = Cancellable()
    course = Course(denoise, encode)
    with pytest.raises(Cancelled):
        make(course, reporter)
    assert len(course.sent) == 1
    assert not course.encoded[0].is_set()
    assert reporter.outputs["result"].count(b"moof") == 0
    assert reporter.complete == ["poster"]


def test_a_cancel_while_only_the_encoder_is_busy_ends_the_job(make: Make) -> None:
    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        if chunk == CHUNKS - 1:
            assert reporter.all_decoded.wait(LIMIT)
            reporter.cancelled.set()
        return frames

    reporter = Cancellable()
    course = Course(encode=encode)
    with pytest.raises(Cancelled):
        make(course, reporter)
    assert not course.encoded[CHUNKS - 1].is_set()
    assert reporter.complete == ["poster"]


@pytest.mark.parametrize("fails_in", [None, "device", "encoder"])
def test_no_file_stays_open(make: Make, media: dict[str, Path], tmp_path: Path, fails_in: str | None) -> None:
    opened: list[str] = []
    folder = media["audio"].parent

    def denoise(chunk: int) -> None:
        opened.extend(open_files(folder))
        if chunk == 2 and fails_in == "device":
            raise torch.OutOfMemoryError("full")

    def encode(chunk: int, frames: Iterable[Frame]) -> Iterable[Frame]:
        if chunk == 1 and fails_in == "encoder":
            raise EncodingFailed("full")
        return frames

    failure: dict[str | None, AbstractContextManager[Any]] = {
        None: nullcontext(),
        "device": pytest.raises(EngineError, match="does not fit"),
        "encoder": pytest.raises(EncodingFailed),
    }
    gc.collect()
    gc.disable()
    try:
        with failure.pop(fails_in):
            make(Course(denoise, encode), RememberingReporter())
        failure.clear()
        assert "audio.wav" in opened
        assert open_files(folder) == []
        assert open_files(tmp_path) == []
    finally:
        gc.enable()
