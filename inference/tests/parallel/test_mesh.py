"""What a mesh does with its connections while one thread works and another one listens."""

import threading

import pytest
import torch.distributed as dist

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.parallel import process_groups
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.ranks import Ranks


def test_a_connection_is_not_closed_while_it_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    aborting, closed = threading.Event(), threading.Event()
    early: list[bool] = []

    def abort(*_arguments: object) -> None:
        aborting.set()
        # Long enough for whoever does not wait; nobody else is waited for.
        early.append(closed.wait(0.2))

    monkeypatch.setattr(process_groups, "connect", lambda *_arguments: object())
    monkeypatch.setattr(process_groups, "abort", abort)
    monkeypatch.setattr(process_groups, "close", lambda _connection: closed.set())
    monkeypatch.setattr(dist, "get_backend", lambda _connection: "nccl")
    mesh = Mesh(Ranks(0, 2, 0), CpuBackend(), ulysses_size=2)
    mesh.connect(1)

    listening = threading.Thread(target=mesh.abort)
    listening.start()
    assert aborting.wait(60)
    mesh.disconnect()
    listening.join()

    assert early == [False]
    assert closed.is_set()
