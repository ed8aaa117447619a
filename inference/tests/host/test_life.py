"""The life of a host: loading, describing itself, failing to load, stopping."""

import asyncio
import threading
from pathlib import Path

import grpc
import pytest

from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.protocol import description_pb2 as wire
from polyreel_inference.host.server import Host, Settings
from tests.host.client import Client, start_message
from tests.host.conftest import StartHost
from tests.host.gates import Gate, wait
from tests.host.health import NOT_SERVING, SERVING, health
from tests.host.scripted_engine import ScriptedEngine


async def test_describe_answers_while_loading(start_host: StartHost) -> None:
    engine = ScriptedEngine()
    engine.load_gate.clear()
    host, client = await start_host(engine, wait=False)
    answer = await client.describe()
    assert answer.state == wire.ENGINE_STATE_LOADING
    assert answer.message
    assert await health(client) == await health(client, "") == NOT_SERVING
    failure = await client.failure([start_message()])
    assert failure[:3] == (grpc.StatusCode.UNAVAILABLE, "ENGINE_UNAVAILABLE", True)
    engine.load_gate.set()
    await host.loaded()
    assert await health(client) == await health(client, "") == SERVING
    assert (await client.generate([start_message()])).completed is not None


async def test_an_engine_that_cannot_load_says_why(
    start_host: StartHost, caplog: pytest.LogCaptureFixture
) -> None:
    engine = ScriptedEngine()
    engine.load_error = RuntimeError("the weights are missing")
    _, client = await start_host(engine)
    answer = await client.describe()
    assert answer.state == wire.ENGINE_STATE_FAILED
    assert "the weights are missing" in answer.message
    assert await health(client) == NOT_SERVING
    status, code, _, text = await client.failure([start_message()])
    assert (status, code) == (grpc.StatusCode.UNAVAILABLE, "ENGINE_UNAVAILABLE")
    assert "weights" not in text
    (told,) = (line for line in caplog.records if line.message == "the engine could not be loaded")
    assert told.__dict__["fields"]["reason"] == "the weights are missing"


async def test_the_description_is_complete(client: Client) -> None:
    answer = await client.describe()
    assert (answer.engine, answer.version, answer.device, answer.slots) == ("scripted", "1.2.3", "cpu", 1)
    talk, text_to_video = answer.models[0].kinds
    assert (talk.kind, text_to_video.kind) == (wire.TASK_KIND_TALK, wire.TASK_KIND_T2V)
    assert [(given.role, given.group, given.required) for given in talk.inputs] == [
        ("image", "picture", True),
        ("video", "picture", True),
        ("audio", "", True),
        ("mask", "", False),
    ]
    parameters = {parameter.name: parameter for parameter in talk.parameters}
    assert (parameters["steps"].default_json, parameters["steps"].minimum, parameters["steps"].maximum) == (
        "3",
        1,
        50,
    )
    assert parameters["scale"].minimum == 0
    assert not parameters["scale"].HasField("maximum")
    assert parameters["mode"].default_json == '"para"'
    assert list(parameters["mode"].choices) == ["para", "add"]
    assert parameters["sharp"].default_json == "false"
    assert (parameters["seed"].default_json, parameters["prompt"].type) == ("", wire.PARAMETER_TYPE_STRING)


async def test_stop_ends_running_jobs_with_a_retryable_status(
    engine: ScriptedEngine, start_host: StartHost
) -> None:
    gate = Gate()
    engine.behaviour = gate
    host, client = await start_host(engine)
    running = asyncio.create_task(client.failure([start_message()]))
    await wait(gate.begun)
    assert await host.stop()
    assert (await running)[:3] == (grpc.StatusCode.UNAVAILABLE, "ENGINE_LOST", True)
    assert gate.cancelled.is_set()
    assert engine.closed


async def test_a_job_in_the_middle_of_a_long_step_is_told_why_it_ends(
    engine: ScriptedEngine, start_host: StartHost
) -> None:
    noticed, step_done = threading.Event(), threading.Event()

    def slow_to_end(job: Job, reporter: Reporter) -> str:
        try:
            return gate(job, reporter)
        finally:
            noticed.set()
            step_done.wait(60)

    gate = Gate()
    engine.behaviour = slow_to_end
    host, client = await start_host(engine)
    running = asyncio.create_task(client.failure([start_message()]))
    await wait(gate.begun)
    stopping = asyncio.create_task(host.stop())
    await wait(noticed)
    # A server that has begun to end takes no call, and soon cuts those it has.
    assert (await client.describe()).state == wire.ENGINE_STATE_DRAINING
    step_done.set()
    assert await stopping
    assert (await running)[:3] == (grpc.StatusCode.UNAVAILABLE, "ENGINE_LOST", True)


async def test_stop_during_the_load_does_not_wait_for_it(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    engine.load_gate.clear()
    host = Host(engine, Settings(workspace_dir=tmp_path / "workspaces"))
    await host.start()
    try:
        assert not await host.stop()
        assert not engine.closed
    finally:
        engine.load_gate.set()
        await host.loaded()
    assert list((tmp_path / "workspaces").iterdir()) == []


async def test_an_engine_that_cannot_be_closed_does_not_keep_the_host(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = ScriptedEngine()
    engine.close_error = RuntimeError("the device takes no orders")
    host = Host(engine, Settings(workspace_dir=tmp_path / "workspaces"))
    await host.start()
    await host.loaded()
    assert not await host.stop()
    assert "the device takes no orders" in caplog.text
    assert list((tmp_path / "workspaces").iterdir()) == []
