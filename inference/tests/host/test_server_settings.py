"""What can be checked without a job: sockets, workspaces, descriptions, generated code."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from polyreel_inference.host.description import check_description
from polyreel_inference.host.engine import EngineDescription, InputRole, Kind, Model, Parameter
from polyreel_inference.host.protocol import description_pb2 as wire
from polyreel_inference.host.server import Host, Settings
from polyreel_inference.host.workspaces import Workspaces
from tests.host.client import Client, start_message
from tests.host.scripted_engine import ScriptedEngine


async def test_a_unix_socket_that_only_its_owner_may_use(tmp_path: Path) -> None:
    socket = tmp_path / "engine.sock"
    host = Host(ScriptedEngine(), Settings(socket=socket))
    client = Client(await host.start())
    await host.loaded()
    assert socket.stat().st_mode & 0o077 == 0
    assert (await client.generate([start_message()])).completed is not None
    await client.channel.close()
    assert await host.stop()


async def test_the_port_file_appears_complete(tmp_path: Path) -> None:
    host = Host(ScriptedEngine(), Settings(port_file=tmp_path / "port", workspace_dir=tmp_path / "w"))
    address = await host.start()
    assert address == f"127.0.0.1:{(tmp_path / 'port').read_text().strip()}"
    client = Client(address)
    assert (await client.until(wire.ENGINE_STATE_READY)).engine == "scripted"
    await client.channel.close()
    await host.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["port", "w"]


def test_workspaces_remove_only_what_nobody_holds(tmp_path: Path) -> None:
    stale = tmp_path / "host-stale"
    (stale / "job-1").mkdir(parents=True)
    (stale / "lock").touch()
    foreign = tmp_path / "keep.txt"
    foreign.touch()
    first = Workspaces(tmp_path)
    job = first.create()
    second = Workspaces(tmp_path)
    assert not stale.exists()
    assert job.is_dir()
    assert foreign.exists()
    first.close()
    second.close()
    assert list(tmp_path.iterdir()) == [foreign]


def test_workspaces_of_their_own_leave_nothing() -> None:
    workspaces = Workspaces()
    job = workspaces.create()
    assert job.stat().st_mode & 0o077 == 0
    workspaces.close()
    assert not job.parent.parent.exists()


GOOD = ScriptedEngine().describe()


def described(*parameters: Parameter, inputs: tuple[InputRole, ...] = ()) -> EngineDescription:
    return replace(GOOD, models=(Model("m", (Kind("t2v", inputs, parameters),)),))


@pytest.mark.parametrize(
    "description",
    [
        replace(GOOD, engine=""),
        replace(GOOD, version=""),
        replace(GOOD, slots=0),
        replace(GOOD, models=()),
        replace(GOOD, models=GOOD.models * 2),
        replace(GOOD, models=(Model("m", ()),)),
        described(Parameter("steps", "integer", "", default=60, maximum=50)),
        described(Parameter("mode", "string", "", default="c", choices=("a", "b"))),
        described(Parameter("flag", "boolean", "", default=1)),
        described(Parameter("a", "string", ""), Parameter("a", "string", "")),
        described(inputs=(InputRole("audio"), InputRole("audio"))),
        described(inputs=(InputRole(""),)),
    ],
)
def test_senseless_descriptions_are_refused_at_start(description: EngineDescription) -> None:
    check_description(GOOD)
    with pytest.raises(ValueError, match=r".+"):
        check_description(description)


def test_stubs_are_generated_once() -> None:
    inference = Path(__file__).resolve().parents[2]
    command = [sys.executable, "scripts/generate_stubs.py"]
    generated = inference / "polyreel_inference" / "generated"
    subprocess.run(command, cwd=inference, check=True)
    before = generated.stat().st_ino
    subprocess.run(command, cwd=inference, check=True)
    assert generated.stat().st_ino == before
