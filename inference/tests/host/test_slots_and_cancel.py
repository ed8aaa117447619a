"""Slots, cancel and backpressure, in one process."""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.host.errors import Cancelled
from polyreel_inference.host.protocol import description_pb2 as wire
from polyreel_inference.host.workspaces import Workspaces
from tests.host.client import Client, chunk, request_messages, start_message
from tests.host.conftest import StartHost
from tests.host.gates import Gate, wait
from tests.host.health import SERVING, health
from tests.host.scripted_engine import ScriptedEngine, echo

INFERENCE = Path(__file__).resolve().parents[2]


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
    both = threading.Barrier(2, timeout=60)

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


class Lines(logging.Handler):
    """Hands every line of the log to the test that waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        self._loop.call_soon_threadsafe(self.told.put_nowait, record.getMessage())


@pytest.fixture
async def log(caplog: pytest.LogCaptureFixture) -> AsyncIterator[asyncio.Queue[str]]:
    """What the host logs from here on."""
    lines = Lines()
    with caplog.at_level(logging.INFO, "polyreel"):
        logging.getLogger("polyreel").addHandler(lines)
        yield lines.told
        logging.getLogger("polyreel").removeHandler(lines)


async def test_hanging_up_with_everything_in_hand_is_no_cancel(
    client: Client, log: asyncio.Queue[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hung_up = threading.Event()

    def remove(workspaces: Workspaces, workspace: Path) -> None:
        assert hung_up.wait(60)

    monkeypatch.setattr(Workspaces, "remove", remove)
    call = client.call([start_message()])
    while (await call.read()).WhichOneof("part") != "completed":
        pass
    call.cancel()
    assert [await log.get(), await log.get()] == ["job started", "job succeeded"]
    hung_up.set()
    await client.until(wire.ENGINE_STATE_READY)
    assert log.empty()


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
        assert may_end.wait(60)
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


async def test_a_caller_that_dies_in_the_middle_of_an_output_leaves_nothing(
    client: Client, engine: ScriptedEngine
) -> None:
    cancelled = threading.Event()

    def endless(job: Job, reporter: Reporter) -> str:
        try:
            with reporter.open_output("result", "video/mp4") as output:
                while True:
                    output.write(bytes(100_000))
        except Cancelled:
            cancelled.set()
            raise

    engine.behaviour = endless
    command = [sys.executable, "-m", "tests.host.read_a_chunk", client.address]
    caller = await asyncio.create_subprocess_exec(*command, cwd=INFERENCE, stdout=asyncio.subprocess.PIPE)
    assert caller.stdout is not None
    assert await caller.stdout.readline() == b"output_chunk\n"
    caller.kill()
    await caller.communicate()
    await wait(cancelled)
    await client.until(wire.ENGINE_STATE_READY)
    assert not engine.jobs[0].workspace.exists()
    engine.behaviour = echo
    assert (await client.generate([start_message()])).outputs == {"result": b"end"}


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
    seconds = 0.5
    # Until one is long enough for this machine to begin the job before.
    while not gate.begun.is_set():
        call = client.stub.Generate(iter([start_message()]), timeout=seconds)
        assert await call.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await client.until(wire.ENGINE_STATE_READY)
        seconds *= 4
    await wait(gate.cancelled)
