"""A real server on a free port around a scripted engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from polyreel_inference.host.protocol import description_pb2
from polyreel_inference.host.server import Host, Settings
from polyreel_inference.host.service import Limits
from tests.host.client import Client
from tests.host.scripted_engine import ScriptedEngine

StartHost = Callable[..., Awaitable[tuple[Host, Client]]]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
async def start_host(tmp_path: Path) -> AsyncIterator[StartHost]:
    """Start a host around an engine; stopped after the test, its calls cancelled."""
    started: list[tuple[Host, Client, ScriptedEngine]] = []

    async def start(
        engine: ScriptedEngine, limits: Limits | None = None, wait: bool = True
    ) -> tuple[Host, Client]:
        settings = Settings(
            workspace_dir=tmp_path / "workspaces", drain_seconds=0, limits=limits or Limits(2**30, 10)
        )
        host = Host(engine, settings)
        client = Client(await host.start())
        started.append((host, client, engine))
        if wait:
            await host.loaded()
        return host, client

    yield start
    for host, client, engine in started:
        engine.load_gate.set()
        if not engine.closed:
            await host.stop()
        await client.channel.close()


@pytest.fixture
async def client(engine: ScriptedEngine, start_host: StartHost) -> Client:
    _, client = await start_host(engine)
    assert (await client.describe()).state == description_pb2.ENGINE_STATE_READY
    return client
