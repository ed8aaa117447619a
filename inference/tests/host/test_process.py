"""The host as a process: signals, port file, log lines, parents and the command line."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from polyreel_inference.host.protocol import description_pb2 as kinds
from tests.host.client import Client, start_message

INFERENCE = Path(__file__).resolve().parents[2]
SERVER = [sys.executable, "-m", "tests.host.serve_scripted"]


class Served:
    """A running server process and its log."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, message: str) -> dict[str, Any]:
        """The next log line that says `message`."""
        assert self.process.stdout is not None
        while text := await self.process.stdout.readline():
            line: dict[str, Any] = json.loads(text)
            if line["msg"] == message:
                return line
        raise AssertionError(f'the server ended without saying "{message}"')


@asynccontextmanager
async def served(folder: Path, drain_seconds: float) -> AsyncIterator[tuple[Served, Client]]:
    process = await asyncio.create_subprocess_exec(
        *SERVER, str(folder), str(drain_seconds), cwd=INFERENCE, stdout=asyncio.subprocess.PIPE
    )
    server = Served(process)
    try:
        await server.line("ready")
        client = Client(f"127.0.0.1:{(folder / 'port').read_text().strip()}")
        yield server, client
        await client.channel.close()
    finally:
        if process.returncode is None:
            process.kill()
        # Reading to the end closes the pipe together with the process.
        await process.communicate()


async def begun_job(client: Client) -> Any:
    """A call whose job runs."""
    call = client.call([start_message(task_id="long")])
    while (await call.read()).WhichOneof("part") != "progress":
        pass
    return call


async def last_part(call: Any) -> str:
    """Read the call to its end."""
    part = ""
    while (answer := await call.read()) is not grpc.aio.EOF:
        part = answer.WhichOneof("part")
    return part


async def test_sigterm_lets_running_jobs_finish_and_refuses_new_ones(tmp_path: Path) -> None:
    async with served(tmp_path, 600) as (server, client):
        call = await begun_job(client)
        server.process.send_signal(signal.SIGTERM)
        await client.until(kinds.ENGINE_STATE_DRAINING)
        failure = await client.failure([start_message()])
        assert failure[:3] == (grpc.StatusCode.UNAVAILABLE, "ENGINE_UNAVAILABLE", True)
        (tmp_path / "go").touch()
        assert await last_part(call) == "completed"
        assert await call.code() == grpc.StatusCode.OK
        assert await server.process.wait() == 0
    assert list((tmp_path / "workspaces").iterdir()) == []


@pytest.mark.parametrize(("drain_seconds", "signals"), [(0.1, 1), (600, 2)])
async def test_jobs_that_take_too_long_are_cancelled(
    tmp_path: Path, drain_seconds: float, signals: int
) -> None:
    async with served(tmp_path, drain_seconds) as (server, client):
        call = await begun_job(client)
        server.process.send_signal(signal.SIGTERM)
        await server.line("draining")
        if signals == 2:
            server.process.send_signal(signal.SIGTERM)
        assert await call.code() == grpc.StatusCode.UNAVAILABLE
        assert ("polyreel-error-code", "ENGINE_LOST") in tuple(await call.trailing_metadata())
        assert await server.process.wait() == 0


async def test_a_broken_engine_answers_and_ends(tmp_path: Path) -> None:
    async with served(tmp_path, 30) as (server, client):
        call = await begun_job(client)
        (tmp_path / "break").touch()
        assert await call.code() == grpc.StatusCode.UNAVAILABLE
        assert ("polyreel-error-code", "ENGINE_LOST") in tuple(await call.trailing_metadata())
        assert await server.process.wait() == 3


async def test_every_event_is_one_json_line_with_the_task(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    async with served(tmp_path, 30) as (server, client):
        await client.generate([start_message(task_id="task-7")])
        started = await server.line("job started")
        assert started["level"] == "info"
        assert started["time"].endswith("+00:00")
        assert (started["task_id"], started["attempt"], started["model"]) == ("task-7", 1, "scripted")
        assert (await server.line("job succeeded"))["task_id"] == "task-7"


async def test_a_killed_server_leaves_a_workspace_which_the_next_one_removes(tmp_path: Path) -> None:
    async with served(tmp_path, 30) as (server, client):
        await begun_job(client)
        server.process.kill()
        await server.process.wait()
    (left,) = (tmp_path / "workspaces").iterdir()
    (tmp_path / "go").touch()
    async with served(tmp_path, 30) as (_, client):
        assert (await client.generate([start_message()])).completed is not None
        assert not left.exists()


async def test_two_servers_share_a_workspace_folder(tmp_path: Path) -> None:
    async with served(tmp_path, 30) as (_, first):
        call = await begun_job(first)
        async with served(tmp_path, 30):
            (tmp_path / "go").touch()
            assert await last_part(call) == "completed"


async def test_the_server_ends_with_its_killed_parent(tmp_path: Path) -> None:
    launcher = "import subprocess, sys, time\nsubprocess.Popen(sys.argv[1:])\ntime.sleep(1000)\n"
    command = [sys.executable, "-c", launcher, *SERVER, str(tmp_path), "0", "follow"]
    parent = await asyncio.create_subprocess_exec(*command, cwd=INFERENCE, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    while json.loads(await parent.stdout.readline())["msg"] != "ready":
        pass
    parent.kill()
    # The server writes to the same pipe, which therefore ends only when the server has ended.
    lines = [json.loads(line)["msg"] for line in (await parent.stdout.read()).splitlines()]
    assert lines[-1] == "stopped"
    await parent.wait()


def run_cli(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "polyreel_inference", *arguments]
    return subprocess.run(command, cwd=INFERENCE, capture_output=True, text=True, check=False)


def test_an_unknown_engine_lists_the_known_ones() -> None:
    result = run_cli("serve", "no-such-engine")
    assert result.returncode == 1
    assert 'no engine "no-such-engine"' in result.stderr
    assert "preview" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        result = run_cli("serve", "preview", "--port", port, "--workspace-dir", str(tmp_path))
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "Traceback" not in result.stderr
