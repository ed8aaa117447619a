"""Who gets a connection to the leader, and what goes over it."""

import socket
from dataclasses import replace

import pytest
import torch

from polyreel_inference.parallel.door import Door, enter
from polyreel_inference.parallel.link import Link
from tests.loopback import LOOPBACKS


def test_only_processes_with_the_token_and_an_expected_rank_are_admitted() -> None:
    with Door("127.0.0.1") as door:
        stranger = enter(replace(door.address, token=bytes(32)), 1)
        unexpected = enter(door.address, 7)
        first = enter(door.address, 1)
        again = enter(door.address, 1)
        second = enter(door.address, 2)
        links = door.admit({1, 2})

    assert set(links) == {1, 2}
    first.send({"from": 1, "x": torch.arange(3)})
    second.send({"from": 2, "x": torch.zeros(2, 0)})
    assert links[1].receive()["x"].tolist() == [0, 1, 2]
    assert links[2].receive()["x"].shape == (2, 0)
    for refused in (stranger, unexpected, again):
        with pytest.raises((EOFError, ConnectionError)):
            refused.receive()
        refused.close()
    for link in (first, second, *links.values()):
        link.close()


def test_ranks_that_do_not_come_are_named() -> None:
    with Door("127.0.0.1") as door:
        one = enter(door.address, 2)
        with socket.create_connection((door.address.host, door.address.port)) as silent:
            silent.sendall(b"half a greeting")
            with pytest.raises(TimeoutError, match=r"Ranks \[1, 3\] did not connect to the leader"):
                door.admit({1, 2, 3}, seconds=0.5)
        one.close()


def test_the_end_of_a_link_is_noticed_at_the_other_end() -> None:
    with Door("127.0.0.1") as door:
        follower = enter(door.address, 1)
        leader = door.admit({1})[1]
    follower.close()

    with pytest.raises(EOFError, match="closed the connection"):
        leader.receive()
    leader.close()


def test_a_receiver_that_takes_nothing_counts_as_gone() -> None:
    with Door("127.0.0.1") as door:
        deaf = enter(door.address, 1)
        admitted = door.admit({1})[1]
    sender = Link(admitted._connection, send_seconds=0.05)

    with pytest.raises(BlockingIOError):
        sender.send(torch.zeros(64 * 2**20, dtype=torch.uint8))
    with pytest.raises(BrokenPipeError):
        sender.send("more")
    with pytest.raises(EOFError):
        deaf.receive()
    deaf.close()
    admitted.close()


@pytest.mark.parametrize("host", [*LOOPBACKS, "localhost"])
def test_a_door_may_be_at_addresses_of_every_kind(host: str) -> None:
    with Door(host) as door:
        follower = enter(door.address, 1)
        leader = door.admit({1})[1]
    leader.send("welcome")
    assert follower.receive() == "welcome"
    follower.close()
    leader.close()


def test_a_vanished_machine_is_missed_within_a_minute() -> None:
    with Door("127.0.0.1") as door:
        follower = enter(door.address, 1)
        leader = door.admit({1})[1]
    for link in (follower, leader):
        seconds = [
            link._connection.getsockopt(socket.IPPROTO_TCP, name)
            for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert seconds[0] + seconds[1] * seconds[2] <= 60
        link.close()
