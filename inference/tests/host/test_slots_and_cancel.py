"""Slots, cancel, backpressure, loading and draining, in one process."""

import asyncio
import threading
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.host.protocol import SERVICE_NAME
from polyreel_inference.host.protocol import description_pb2 as wire
from tests.host.client import Client, chunk, request_messages, start_message
from tests.host.conftest import StartHost
from tests.host.scripted_engine import ScriptedEngine, echo


class Gate:
    """A behaviour that reports its begin, waits to be let through, and notes how it ended."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.cancelled = threading.Event()
        self.steps = 0

    def __call__(self, job: Job, reporter: Reporter) -> str:
        try:
            self.begun.set()
            while not self.open.wait(0.001):
                self.steps += 1
                reporter.check_cancelled()
        except Cancelled:
            self.cancelled.set()
            raise
        return echo(job, reporter)


async def wait(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


async def health(client: Client, service: str = SERVICE_NAME) -> int:
    stub: Any = health_pb2_grpc.HealthStub(client.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def test_busy_slots_refuse_at_once(client: Client, engine: ScriptedEngine) -> None:
    gate = Gate()
    engine.behaviour = gate
    first = asyncio.create_task(client.generate([start_message()]))
    await wait(gate.begun)
    assert (await client.describe()).state == wire.ENGINE_STATE_BUSY
    assert await health(client) == SERVING
    failure = await client.failure([start_message()])
    assert failure == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ENGINE_UNAVAILABLE", True, "All slots are busy.")
    gate.open.set()
    assert (await first).completed is not None
    assert (await client.describe()).state == wire.ENGINE_STATE_READY


async def test_slots_run_side_by_side(start_host: StartHost) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(job: Job, reporter: Reporter) -> str:
        both.wait()
        return echo(job, reporter)

    _, client = await start_host(ScriptedEngine(meet, slots=2))
    outcomes = await asyncio.gather(*(client.generate([start_message()]) for _ in range(2)))
    assert all(outcome.completed for outcome in outcomes)


async def test_cancel_reaches_the_engine_and_frees_the_slot(client: Client, engine: ScriptedEngine) -> None:
    gate = Gate()
    engine.behaviour = gate
    call = client.call([start_message()])
    await wait(gate.begun)
    call.cancel()
    await wait(gate.cancelled)
    await client.until(wire.ENGINE_STATE_READY)
    assert not engine.jobs[0].workspace.exists()
    engine.behaviour = echo
    assert (await client.generate([start_message()])).completed is not None


async def test_disconnect_is_a_cancel(client: Client, engine: ScriptedEngine) -> None:
    gate = Gate()
    engine.behaviour = gate
    other = Client(client.address)
    other.call([start_message()])
    await wait(gate.begun)
    await other.channel.close()
    await wait(gate.cancelled)
    await client.until(wire.ENGINE_STATE_READY)


async def test_the_slot_stays_taken_until_the_thread_has_ended(
    client: Client, engine: ScriptedEngine
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def deaf(job: Job, reporter: Reporter) -> str:
        begun.set()
        may_end.wait()
        return echo(job, reporter)

    engine.behaviour = deaf
    call = client.call([start_message()])
    await wait(begun)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.read()
    assert (await client.failure([start_message()]))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
    may_end.set()
    await client.until(wire.ENGINE_STATE_READY)


async def test_cancel_while_the_engine_waits_for_a_slow_reader(
    client: Client, engine: ScriptedEngine
) -> None:
    cancelled, flowing = threading.Event(), threading.Event()

    def flood(job: Job, reporter: Reporter) -> str:
        try:
            while True:
                reporter.preview("image/jpeg", bytes(250_000))
                flowing.set()
        except Cancelled:
            cancelled.set()
            raise

    engine.behaviour = flood
    call = client.call([start_message()])
    await wait(flowing)
    call.cancel()
    await wait(cancelled)
    await client.until(wire.ENGINE_STATE_READY)


async def test_a_slow_reader_slows_the_engine_instead_of_filling_the_memory(
    client: Client, engine: ScriptedEngine
) -> None:
    total, sent = 400, 0

    def flood(job: Job, reporter: Reporter) -> str:
        nonlocal sent
        for _ in range(total):
            reporter.preview("image/jpeg", bytes(250_000))
            sent += 1
        return echo(job, reporter)

    engine.behaviour = flood
    read, ahead = 0, 0
    async for _ in client.call([start_message()]):
        read += 1
        ahead = max(ahead, sent - read)
    assert read > total
    assert ahead < 100  # 25 MB of 100; what lies between are the windows of HTTP/2 on both sides


async def test_cancel_while_inputs_arrive(client: Client) -> None:
    call = client.stub.Generate()
    inputs = {"image": b"image", "audio": b"audio"}
    await call.write(start_message(inputs, kind=wire.TASK_KIND_TALK))
    await call.write(chunk("image", b"im"))
    await client.until(wire.ENGINE_STATE_BUSY)
    call.cancel()
    await client.until(wire.ENGINE_STATE_READY)
    outcome = await client.generate(request_messages(inputs, kind=wire.TASK_KIND_TALK))
    assert outcome.outputs["result"] == b"imageaudioend"


async def test_a_deadline_is_a_cancel(client: Client, engine: ScriptedEngine) -> None:
    gate = Gate()
    engine.behaviour = gate
    call = client.stub.Generate(iter([start_message()]), timeout=0.2)
    assert await call.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    await wait(gate.cancelled)


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


async def test_an_engine_that_cannot_load_says_why(start_host: StartHost) -> None:
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
