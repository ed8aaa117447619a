"""Generate from start to end: the happy path and everything an engine can do wrong."""

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.host.protocol import description_pb2 as wire
from polyreel_inference.media.errors import UnreadableMedia
from tests.host.client import Client, request_messages, start_message
from tests.host.scripted_engine import ScriptedEngine, echo


async def test_inputs_go_in_and_outputs_come_out(
    client: Client, engine: ScriptedEngine, tmp_path: Path
) -> None:
    inputs = {"image": b"i" * 10, "audio": bytes(range(256)) * 10_000}
    messages = request_messages(inputs, kind=wire.TASK_KIND_TALK, parameters={"steps": 5.0, "prompt": "hé"})
    began = time.monotonic()
    outcome = await client.generate(messages)
    elapsed = time.monotonic() - began
    assert outcome.parts[0] == "accepted"
    assert outcome.parts[-1] == "completed"
    assert outcome.parts.count("output_start") == 1
    assert outcome.outputs == {"result": inputs["image"] + inputs["audio"] + b"end"}
    assert outcome.effective == {
        "steps": 5,
        "scale": 1.5,
        "mode": "para",
        "sharp": False,
        "seed": 7,
        "prompt": "hé",
    }
    assert outcome.completed is not None
    assert outcome.completed.message == "2 inputs"
    assert 0 < outcome.completed.engine_seconds < elapsed
    job = engine.jobs[0]
    assert (job.task_id, job.attempt, job.kind, job.model) == ("task-1", 1, "talk", "scripted")
    assert type(job.parameters["steps"]) is int
    assert "seed" not in job.parameters
    assert job.inputs["audio"].size_bytes == 2_560_000
    assert not job.workspace.exists()
    assert not list((tmp_path / "workspaces").glob("*/job-*"))


async def test_jobs_follow_each_other_without_a_trace(client: Client) -> None:
    for _ in range(5):
        outcome = await client.generate([start_message()])
        assert outcome.outputs == {"result": b"end"}


async def test_progress_never_falls_and_stays_within_0_and_1(client: Client, engine: ScriptedEngine) -> None:
    def restless(job: Job, reporter: Reporter) -> str:
        for fraction in (0.2, 0.1, float("nan"), 0.6, 7.0, -1.0):
            reporter.progress("generating", fraction, remaining_seconds=fraction)
        return echo(job, reporter)

    engine.behaviour = restless
    outcome = await client.generate([start_message()])
    assert [report.fraction for report in outcome.progress] == [0.2, 0.2, 0.2, 0.6, 1.0, 1.0, 1.0]
    assert [report.HasField("remaining_seconds") for report in outcome.progress[:3]] == [True, True, False]


async def test_previews_and_several_outputs(client: Client, engine: ScriptedEngine) -> None:
    def generous(job: Job, reporter: Reporter) -> str:
        reporter.preview("image/jpeg", b"picture")
        poster = job.workspace / "poster.jpg"
        poster.write_bytes(b"poster")
        reporter.output("poster", "image/jpeg", poster)
        return echo(job, reporter)

    engine.behaviour = generous
    outcome = await client.generate([start_message()])
    assert outcome.previews == [b"picture"]
    assert outcome.outputs == {"poster": b"poster", "result": b"end"}


async def test_an_output_is_sent_while_it_is_made(client: Client, engine: ScriptedEngine) -> None:
    arrived = threading.Event()

    def slow(job: Job, reporter: Reporter) -> str:
        with reporter.open_output("result", "video/mp4") as output:
            output.write(bytes(2**20 + 1))
            reporter.progress("generating", 0.5, chunk=1, chunks=2)
            # The second half is made only after the first one has reached the client.
            assert arrived.wait(60)
            output.write(b"end")
        return ""

    engine.behaviour = slow
    parts, content = [], b""
    async for answer in client.call([start_message()]):
        parts.append(answer.WhichOneof("part"))
        content += answer.output_chunk.data
        if parts[-1] == "progress":
            arrived.set()
    chunks = ["output_chunk", "output_chunk", "progress", "output_chunk"]
    assert parts == ["accepted", "output_start", *chunks, "completed"]
    assert content == bytes(2**20 + 1) + b"end"


async def test_an_output_that_fails_midway_fails_the_job(client: Client, engine: ScriptedEngine) -> None:
    def fail(job: Job, reporter: Reporter) -> str:
        with reporter.open_output("result", "video/mp4") as output:
            output.write(b"half")
            raise EngineError(ErrorCode.AUDIO_TOO_SHORT, "Too short.")

    engine.behaviour = fail
    assert (await client.failure([start_message()]))[1:] == ("AUDIO_TOO_SHORT", False, "Too short.")


class OutOfMemoryError(RuntimeError):
    """Named like the one of torch, which the host does not import."""


@pytest.mark.parametrize(
    ("error", "status", "code", "retryable", "text"),
    [
        (
            EngineError(ErrorCode.FACE_NOT_DETECTED, "No face."),
            grpc.StatusCode.FAILED_PRECONDITION,
            "FACE_NOT_DETECTED",
            False,
            "No face.",
        ),
        (
            EngineError("INVALID_INPUT", "Überlang.", retryable=True),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_INPUT",
            True,
            "Überlang.",
        ),
        (
            UnreadableMedia("The video is damaged."),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_INPUT",
            False,
            "The video is damaged.",
        ),
        (MemoryError(), grpc.StatusCode.RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", False, "memory"),
        (OutOfMemoryError("cuda"), grpc.StatusCode.RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", False, "memory"),
        (ValueError("/secret/path"), grpc.StatusCode.INTERNAL, "INTERNAL", True, "failed unexpectedly"),
    ],
)
async def test_failures_become_statuses(
    client: Client,
    engine: ScriptedEngine,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: grpc.StatusCode,
    code: str,
    retryable: bool,
    text: str,
) -> None:
    def fail(job: Job, reporter: Reporter) -> str:
        raise error

    engine.behaviour = fail
    failure = await client.failure([start_message()])
    assert failure[:3] == (status, code, retryable)
    assert text in failure[3]
    assert "secret" not in failure[3]
    assert ("Traceback" in caplog.text) == (code == "INTERNAL")
    engine.behaviour = echo
    assert (await client.generate([start_message()])).completed is not None


class Tensor:
    """Something large that a job must not leave behind."""


async def test_what_an_error_and_its_causes_hold_is_free_when_the_caller_knows(
    client: Client, engine: ScriptedEngine
) -> None:
    held: list[weakref.ref[Tensor]] = []

    def compute() -> None:
        latents = Tensor()
        held.append(weakref.ref(latents))
        raise ZeroDivisionError

    def fail(job: Job, reporter: Reporter) -> str:
        picture = Tensor()
        held.append(weakref.ref(picture))
        try:
            compute()
        except ZeroDivisionError as error:
            raise ValueError("chained") from error
        return ""

    engine.behaviour = fail
    gc.disable()
    try:
        assert (await client.failure([start_message()]))[1] == "INTERNAL"
        assert [reference() for reference in held] == [None, None]
    finally:
        gc.enable()


async def test_an_engine_cannot_end_the_host(client: Client, engine: ScriptedEngine) -> None:
    def leave(job: Job, reporter: Reporter) -> str:
        sys.exit("a library thinks it is alone")

    engine.behaviour = leave
    assert (await client.failure([start_message()]))[:3] == (grpc.StatusCode.INTERNAL, "INTERNAL", True)
    engine.behaviour = echo
    assert (await client.generate([start_message()])).completed is not None


async def test_a_very_long_text_still_reaches_the_caller(client: Client, engine: ScriptedEngine) -> None:
    def fail(job: Job, reporter: Reporter) -> str:
        raise EngineError(ErrorCode.INVALID_INPUT, "很长" * 50_000)

    engine.behaviour = fail
    _, code, _, text = await client.failure([start_message()])
    assert (code, text[:2]) == ("INVALID_INPUT", "很长")


def without_result(job: Job, reporter: Reporter) -> str:
    return ""


def two_results(job: Job, reporter: Reporter) -> str:
    echo(job, reporter)
    return echo(job, reporter)


def huge_preview(job: Job, reporter: Reporter) -> str:
    reporter.preview("image/jpeg", bytes(300_000))
    return echo(job, reporter)


def empty_output(job: Job, reporter: Reporter) -> str:
    empty = job.workspace / "empty"
    empty.touch()
    reporter.output("result", "video/mp4", empty)
    return ""


def empty_open_output(job: Job, reporter: Reporter) -> str:
    with reporter.open_output("result", "video/mp4") as output:
        output.write(b"")
    return ""


def unfinished_output(job: Job, reporter: Reporter) -> str:
    reporter.open_output("result", "video/mp4").write(b"half")
    return ""


def output_within_an_output(job: Job, reporter: Reporter) -> str:
    with reporter.open_output("mask", "video/mp4") as output:
        output.write(b"half")
        return echo(job, reporter)


def bytes_after_the_end(job: Job, reporter: Reporter) -> str:
    with reporter.open_output("result", "video/mp4") as output:
        output.write(b"whole")
    output.write(b"more")
    return ""


@pytest.mark.parametrize(
    "behaviour",
    [
        without_result,
        two_results,
        huge_preview,
        empty_output,
        empty_open_output,
        unfinished_output,
        output_within_an_output,
        bytes_after_the_end,
    ],
)
async def test_an_engine_that_breaks_the_contract_is_an_internal_error(
    client: Client, engine: ScriptedEngine, behaviour: Callable[[Job, Reporter], str]
) -> None:
    engine.behaviour = behaviour
    status, code, _, _ = await client.failure([start_message()])
    assert (status, code) == (grpc.StatusCode.INTERNAL, "INTERNAL")
