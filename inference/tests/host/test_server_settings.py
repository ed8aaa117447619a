"""What can be checked without a job: sockets, workspaces, descriptions, generated code."""

import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from polyreel_inference.host.description import check_description
from polyreel_inference.host.engine import EngineDescription, InputRole, Kind, Model, Parameter
from polyreel_inference.host.protocol import description_pb2 as wire
from polyreel_inference.host.server import AddressUnusable, Host, Settings
from polyreel_inference.host.workspaces import Workspaces
from tests.host.client import Client, start_message
from tests.host.scripted_engine import ScriptedEngine
from tests.loopback import LOOPBACKS


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a socket may be; relative, because a whole path has at most 107 bytes, wherever tests write."""
    monkeypatch.chdir(tmp_path)
    return Path("engine.sock")


async def test_a_unix_socket_that_only_its_owner_may_use(path: Path) -> None:
    host = Host(ScriptedEngine(), Settings(socket=path))
    client = Client(await host.start())
    await host.loaded()
    assert path.stat().st_mode & 0o077 == 0
    assert (await client.generate([start_message()])).completed is not None
    await client.channel.close()
    assert await host.stop()


async def test_a_socket_that_another_host_serves_is_refused(path: Path) -> None:
    first = Host(ScriptedEngine(), Settings(socket=path))
    await first.start()
    await first.loaded()
    with pytest.raises(AddressUnusable, match="another process does"):
        await Host(ScriptedEngine(), Settings(socket=path)).start()
    assert await first.stop()


async def test_a_socket_that_a_killed_host_left_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    host = Host(ScriptedEngine(), Settings(socket=path))
    client = Client(await host.start())
    assert (await client.until(wire.ENGINE_STATE_READY)).engine == "scripted"
    await client.channel.close()
    assert await host.stop()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(socket=Path("/no such folder/engine.sock")), "its folder has to exist"),
        # An address for documents, which no machine has; a name would be a question to the network.
        (Settings(host="203.0.113.1"), "the host may not be this machine's"),
    ],
)
async def test_an_address_that_cannot_be_is_told(settings: Settings, message: str) -> None:
    with pytest.raises(AddressUnusable, match=message):
        await Host(ScriptedEngine(), settings).start()


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_ipv6_addresses_need_no_brackets(address: str) -> None:
    host = Host(ScriptedEngine(), Settings(host=address))
    written = f"[{address}]" if ":" in address else address
    assert (await host.start()).startswith(f"{written}:")
    await host.loaded()
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


def test_workspaces_of_their_own_remove_those_of_killed_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    running = Workspaces()
    starting = tmp_path / "polyreel-engine-starting"
    starting.mkdir()
    killed = tmp_path / "polyreel-engine-killed"
    (killed / "host-1" / "job-1").mkdir(parents=True)
    (killed / "host-1" / "lock").touch()
    Workspaces().close()
    assert not killed.exists()
    assert starting.exists()
    assert running.create().is_dir()
    running.close()


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
