"""The leader against a follower that the test plays, message by message."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from polyreel_inference.parallel.door import Door, enter
from polyreel_inference.parallel.errors import RankFailed, RankLost
from polyreel_inference.parallel.gate import Gate, Work
from polyreel_inference.parallel.leader import Leader
from polyreel_inference.parallel.link import Link
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.messages import Abort, Begin, Finish, Pass, Report, Stop
from polyreel_inference.parallel.ranks import Ranks


class NotWanted(Exception):
    """What the check of a cancelled job raises."""


class Unconnectable(Mesh):
    """Ranks of which one cannot connect."""

    def connect(self, generation: int) -> None:
        raise RuntimeError(f"no connection of generation {generation}")


class Played:
    """A leader whose jobs run in a thread, and the other end of its only link."""

    def __init__(self, work: Work, mesh: Mesh) -> None:
        with Door("127.0.0.1") as door:
            self.follower = enter(door.address, 1)
            links = door.admit({1})
        self.lost: list[int] = []
        others = threading.enumerate()
        self.leader = Leader(mesh, work, links, 60.0, self.lost.append)
        (self.listening,) = (
            thread for thread in threading.enumerate() if thread.name == "rank 1" and thread not in others
        )
        self._thread = ThreadPoolExecutor(1)

    def run(self, payload: Any = None, check: Any = lambda _done: None) -> "Future[Any]":
        return self._thread.submit(self.leader.run, payload, check)

    def heard(self, *kinds: type) -> list[Any]:
        """Receive messages, which have to be of these kinds."""
        messages = [self.follower.receive() for _ in kinds]
        assert [type(message) for message in messages] == list(kinds)
        return messages

    def close(self) -> None:
        self.leader.close()
        self.follower.close()
        self._thread.shutdown()


@pytest.fixture
def played() -> Iterator[Played]:
    def work(payload: Any, gate: Gate) -> Any:
        gate.step(0)
        return payload

    leading = Played(work, Mesh(Ranks(0, 2, 0)))
    yield leading
    leading.close()


def _deadlines() -> list[threading.Thread]:
    """Those that still count."""
    timers = (thread for thread in threading.enumerate() if isinstance(thread, threading.Timer))
    return [timer for timer in timers if not timer.finished.is_set()]


def _assert_runs(played: Played, generation: int) -> None:
    """Let the next job succeed."""
    running = played.run("next")
    begin, *_ = played.heard(Begin, Pass, Finish)
    assert (begin.payload, begin.generation) == ("next", generation)
    played.follower.send(Report("done"))
    assert running.result(60) == "next"


def test_a_failure_behind_the_leaders_last_step_leaves_no_deadline_behind(played: Played) -> None:
    running = played.run()
    played.heard(Begin, Pass, Finish)
    played.follower.send(Report("failed", "too late"))

    with pytest.raises(RankFailed, match="too late"):
        running.result(60)
    assert _deadlines() == []
    played.heard(Abort)
    _assert_runs(played, generation=1)


def test_a_payload_that_cannot_be_sent_fails_its_job_alone(played: Played) -> None:
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        played.run(threading.Lock()).result(60)

    _assert_runs(played, generation=0)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_failure_that_arrives_during_the_check(played: Played, cancelled: bool) -> None:
    aborted = threading.Event()

    def check(done: int) -> None:
        assert aborted.wait(60)
        if cancelled:
            raise NotWanted

    running = played.run(check=check)
    played.heard(Begin)
    played.follower.send(Report("failed", "its own error"))
    played.heard(Abort)
    aborted.set()

    with pytest.raises(NotWanted if cancelled else RankFailed):
        running.result(60)
    if cancelled:
        played.heard(Stop)
    assert (played.lost, _deadlines()) == ([], [])
    _assert_runs(played, generation=1)


def test_a_second_failure_changes_nothing() -> None:
    def work(_payload: Any, gate: Gate) -> None:
        gate.step(0)
        raise ValueError("the leader's own error")

    played = Played(work, Mesh(Ranks(0, 2, 0)))
    running = played.run()
    played.heard(Begin, Pass, Abort)
    played.follower.send(Report("failed", "cut off by it"))

    with pytest.raises(ValueError, match="the leader's own error"):
        running.result(60)
    assert (played.lost, _deadlines()) == ([], [])
    played.close()


def test_ranks_that_cannot_connect_have_to_be_started_again() -> None:
    played = Played(
        lambda _payload, _gate: pytest.fail("worked without connections"), Unconnectable(Ranks(0, 2, 0))
    )
    running = played.run()
    played.heard(Begin, Abort)

    with pytest.raises(RankLost, match="started again") as failed:
        running.result(60)
    assert "no connection of generation 0" in str(failed.value.__cause__)
    assert (played.lost, _deadlines()) == ([0], [])
    with pytest.raises(RankLost):
        played.run().result(60)
    played.close()


def test_nothing_listens_any_more_when_the_team_is_closed(played: Played) -> None:
    _assert_runs(played, generation=0)
    played.leader.close()
    played.listening.join(60)

    assert not played.listening.is_alive()
    assert played.lost == []


def test_a_rank_that_cannot_be_understood_is_lost(played: Played) -> None:
    running = played.run()
    played.heard(Begin, Pass, Finish)
    send_rubbish(played.follower)

    with pytest.raises(RankLost, match="Rank 1"):
        running.result(60)
    assert played.lost == [1]


def send_rubbish(link: Link) -> None:
    """Send what has the form of a message, but is none."""
    link._connection.sendall((4).to_bytes(8) + (4).to_bytes(8) + b"rubbish!")
