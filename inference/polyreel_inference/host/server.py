"""The process around the service: binding, loading, health, draining and the end."""

import asyncio
import logging
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from polyreel_inference.host import log
from polyreel_inference.host.description import check_description
from polyreel_inference.host.engine import Engine
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.host.protocol import SERVICE_NAME, engine_service_pb2_grpc
from polyreel_inference.host.service import EngineService, Limits
from polyreel_inference.host.slots import Slots
from polyreel_inference.host.workspaces import Workspaces

_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
_CANCEL_SECONDS = 10.0
"""Time running jobs get to notice their cancel before the process ends without them."""

_RELEASE_SECONDS = 1.0
"""Time calls without a running job get to give their slots back, once they are ended."""

_GRPC_OPTIONS = (
    # Pieces have at most 1 MiB; the rest is room for long prompts.
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    # Two hosts on one port would share its calls in silence.
    ("grpc.so_reuseport", 0),
    # Finds a dead worker behind a silent connection, whose job would go on for nobody.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


class AddressUnusable(Exception):
    """The server cannot listen where the settings say; the message is for the operator."""


@dataclass(frozen=True)
class Settings:
    """How the process serves. With `socket` host and port are not used; port 0 takes any free one.

    `port_file` receives the bound port once the process answers. `drain_seconds` is the time running jobs get
    after SIGTERM. Without `workspace_dir` a temporary folder is used.
    """

    host: str = "127.0.0.1"
    port: int = 0
    socket: Path | None = None
    port_file: Path | None = None
    workspace_dir: Path | None = None
    drain_seconds: float = 30.0
    limits: Limits = field(default_factory=Limits)


class Host:
    """One engine behind one gRPC server."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._description = engine.describe()
        check_description(self._description)
        self._engine = engine
        self._settings = settings
        self._slots = Slots(self._description.slots)
        self._workspaces = Workspaces(settings.workspace_dir)
        self._threads = ThreadPoolExecutor(self._description.slots, thread_name_prefix="engine")
        self._service = EngineService(engine, self._slots, self._workspaces, self._threads, settings.limits)
        self._health = health.HealthServicer()
        self._server = grpc.aio.server(options=_GRPC_OPTIONS)
        self._loading: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Bind and answer Describe; loading goes on in the background. Returns the address.

        Raises `AddressUnusable`.
        """
        await self._publish_health()
        engine_service_pb2_grpc.add_EngineServiceServicer_to_server(self._service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            address = self._bind()
        except AddressUnusable:
            self._workspaces.close()
            raise
        await self._server.start()
        if self._settings.port_file is not None and self._settings.socket is None:
            fresh = self._settings.port_file.with_name(self._settings.port_file.name + ".part")
            fresh.write_text(address.rpartition(":")[2] + "\n")
            fresh.replace(self._settings.port_file)
        self._loading = asyncio.create_task(self._load())
        log.event(logging.INFO, "listening", address=address, engine=self._description.engine)
        return address

    async def broken(self) -> None:
        """Wait until a job has shown that the engine cannot run another one."""
        await self._service.broken.wait()

    async def loaded(self) -> None:
        """Wait until the engine has loaded or failed to."""
        if self._loading is not None:
            await asyncio.shield(self._loading)

    async def stop(self, hurry: asyncio.Event | None = None) -> bool:
        """Drain and end: refuse new jobs, let running ones finish, cancel those that take too long.

        `hurry` ends the waiting early. Returns False when an engine thread did not end, which then still
        runs, or the engine could not be closed.
        """
        self._slots.drain()
        await self._publish_health()
        log.event(logging.INFO, "draining", seconds=self._settings.drain_seconds)
        await self._wait_for_jobs(self._settings.drain_seconds, hurry)
        self._service.cancel_all(
            EngineError(ErrorCode.ENGINE_LOST, "The engine was shut down during the job.")
        )
        # A step of a large model takes seconds; until its end the callers stay connected, to be told why.
        await self._service.until_settled(_CANCEL_SECONDS)
        # Calls that still send their inputs have no thread to wait for and are ended here.
        await self._server.stop(grace=1.0)
        free = await self._wait_for_jobs(_RELEASE_SECONDS, None)
        ended = free and (self._loading is None or self._loading.done())
        if ended:
            ended = await self._close_engine()
        self._threads.shutdown(wait=ended)
        self._workspaces.close()
        log.event(logging.INFO, "stopped", complete=ended)
        return ended

    async def _close_engine(self) -> bool:
        """Whether it could be closed: a broken device takes no orders, not even to give memory back."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.close)
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; the process ends anyway
            log.event(logging.ERROR, "the engine could not be closed", error)
            return False
        return True

    def _bind(self) -> str:
        if self._settings.socket is not None:
            return self._bind_socket(self._settings.socket)
        host, port = self._settings.host, self._settings.port
        if host not in _LOOPBACK:
            log.event(logging.WARNING, "the port is open to the network without a password", host=host)
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"  # IPv6, whose colons would be taken for that of the port
        try:
            return f"{host}:{self._server.add_insecure_port(f'{host}:{port}')}"
        except RuntimeError as error:
            raise AddressUnusable(
                f"Cannot listen on {host}:{port}; the host may not be this machine's, or another process may"
                " use the port."
            ) from error

    def _bind_socket(self, path: Path) -> str:
        if _answers(path):
            # gRPC would take the name from that process, which then serves nobody without knowing it.
            raise AddressUnusable(f"Cannot listen on {path}; another process does.")
        before = os.umask(0o077)  # the socket is the only door; it belongs to this user alone
        try:
            self._server.add_insecure_port(f"unix:{path}")
        except RuntimeError as error:
            raise AddressUnusable(
                f"Cannot listen on {path}; its folder has to exist, and the whole path may have 107 bytes."
            ) from error
        finally:
            os.umask(before)
        return f"unix:{path}"

    async def _load(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.load)
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; Describe tells it
            self._slots.failed(f"{type(error).__name__}: {error}")
            log.event(logging.ERROR, "the engine could not be loaded", error, reason=str(error))
        else:
            self._slots.loaded()
            description = self._description
            models = [model.name for model in description.models]
            log.event(
                logging.INFO, "ready", device=description.device, slots=description.slots, models=models
            )
        await self._publish_health()

    async def _publish_health(self) -> None:
        states = health_pb2.HealthCheckResponse
        state = states.SERVING if self._slots.serving else states.NOT_SERVING
        for service in ("", SERVICE_NAME):
            await self._health.set(service, state)

    async def _wait_for_jobs(self, seconds: float, hurry: asyncio.Event | None) -> bool:
        """Whether all jobs ended within `seconds`."""
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._slots.until_free())]
        if hurry is not None:
            waits.append(asyncio.create_task(hurry.wait()))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return not self._slots.any_taken


def _answers(path: Path) -> bool:
    """Whether a process listens on the Unix socket; those of killed ones only lie there."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True


async def serve(engine: Engine, settings: Settings) -> bool:
    """Serve until SIGTERM or SIGINT; a second signal ends the draining.

    Returns False when the engine broke or a thread of it did not end: only ending the process helps then.
    """
    first, second = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (second if first.is_set() else first).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    host = Host(engine, settings)
    await host.start()
    told, broken = asyncio.create_task(first.wait()), asyncio.create_task(host.broken())
    await asyncio.wait({told, broken}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    ended = await host.stop(second)
    whole = not broken.done()
    broken.cancel()
    return ended and whole
