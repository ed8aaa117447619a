"""Running a function in several processes that form one group, as torchrun would start them."""

import faulthandler
import io
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any

import torch
from torch._C._distributed_c10d import TCPStore

from polyreel_inference.parallel.ranks import Ranks

_SECONDS = 120.0
_SECONDS_AFTER_A_FAILURE = 5.0
_PRELOADED = (
    "torch.distributed",
    "diffusers.models.transformers.transformer_wan",
    "diffusers.models.autoencoders.autoencoder_kl_wan",
)
"""Imported once by the server that forks the ranks, where the test process has imported them too."""


@dataclass(frozen=True)
class Ended:
    """How a rank ended: with a result, with the text of an error, or, where it was killed, without either."""

    result: Any
    error: str | None
    exit_code: int | None


def run_ranks(count: int, function: str, payload: Any = None) -> list[Any]:
    """Call `function` ("module:name") as `function(ranks, payload)` in `count` processes; results by rank.

    Payload and results are what `torch.save` takes. Raises `AssertionError` with the traceback of every rank
    that failed.
    """
    ended = _run_all(count, function, payload, _SECONDS_AFTER_A_FAILURE)
    failures = [f"rank {rank}: {end.error}" for rank, end in enumerate(ended) if end.error is not None]
    assert not failures, "\n".join(failures)
    return [end.result for end in ended]


def end_ranks(count: int, function: str, payload: Any = None) -> list[Ended]:
    """Like `run_ranks`, telling of every rank how it ended; for ranks that are meant to fail or die."""
    return _run_all(count, function, payload, _SECONDS)


def _run_all(count: int, function: str, payload: Any, seconds_after_a_failure: float) -> list[Ended]:
    context = multiprocessing.get_context("forkserver")
    _start_server()
    # The store of the group lives here, where its port is found without a race.
    store = TCPStore("127.0.0.1", 0, None, True, timedelta(seconds=_SECONDS), wait_for_workers=False)
    started: list[tuple[ForkServerProcess, Connection]] = []
    try:
        for rank in range(count):
            receiving, sending = context.Pipe(duplex=False)
            arguments = (function, _to_bytes(payload), _environment(rank, count, store.port), sending)
            process = context.Process(target=_run, args=arguments, daemon=True)
            process.start()
            sending.close()
            started.append((process, receiving))
        return _collect(started, seconds_after_a_failure)
    finally:
        for process, _ in started:
            process.kill()
            process.join()


def _start_server() -> None:
    """Start the server that forks the ranks, unless it runs."""
    forkserver.set_forkserver_preload([__name__, *(name for name in _PRELOADED if name in sys.modules)])
    # It listens at a socket, whose path has at most 107 bytes, wherever tests write.
    before, tempfile.tempdir = tempfile.gettempdir(), "/tmp"  # noqa: S108 - a fresh folder is made there
    try:
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = before


def _collect(
    started: list[tuple[ForkServerProcess, Connection]], seconds_after_a_failure: float
) -> list[Ended]:
    ended: dict[int, Ended] = {}
    deadline = time.monotonic() + _SECONDS
    while len(ended) < len(started) and time.monotonic() < deadline:
        waiting = {receiving: rank for rank, (_, receiving) in enumerate(started) if rank not in ended}
        for ready in wait(list(waiting), max(0.0, deadline - time.monotonic())):
            if isinstance(ready, Connection):
                rank = waiting[ready]
                ended[rank] = _end(started[rank][0], ready)
                if ended[rank].error is not None:
                    deadline = min(deadline, time.monotonic() + seconds_after_a_failure)
    unfinished = Ended(None, "did not end in time", None)
    return [ended.get(rank, unfinished) for rank in range(len(started))]


def _end(process: ForkServerProcess, receiving: Connection) -> Ended:
    try:
        error, result = receiving.recv()
    except EOFError:
        process.join()
        return Ended(None, f"ended with exit code {process.exitcode}", process.exitcode)
    process.join(_SECONDS)
    return Ended(_from_bytes(result), error, process.exitcode)


def _run(function: str, payload: bytes, environment: dict[str, str], sending: Connection) -> None:
    faulthandler.dump_traceback_later(_SECONDS - 5, exit=True)
    os.environ.update(environment)
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    module, _, name = function.partition(":")
    error: str | None = None
    result: Any = None
    try:
        target = getattr(import_module(module), name)
        result = target(Ranks.from_environment(os.environ), _from_bytes(payload))
    except Exception:  # noqa: BLE001 - told to the test
        error = traceback.format_exc()
    sending.send((error, _to_bytes(result)))
    sending.close()


def _environment(rank: int, count: int, port: int) -> dict[str, str]:
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        # Loopback alone: the name of the machine may not resolve where tests run.
        "GLOO_SOCKET_IFNAME": "lo",
    }


def _to_bytes(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def _from_bytes(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), weights_only=False)
