"""Items are used up in order beside the making of the next ones; the owner alone acts on what is told."""

import gc
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from threading import Event

import pytest

from polyreel_inference.serving.overlap.behind import Behind
from polyreel_inference.serving.overlap.unwanted import Unwanted
from tests.serving.overlap.payload import Payload, Watch

LIMIT = 60


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_items_are_used_in_order_and_told_in_the_owner_s_thread() -> None:
    told: list[tuple[int, str]] = []

    def use(items: Iterator[int]) -> None:
        assert threading.current_thread().name == "test"
        for item in items:
            behind.tell(partial(hear, item))

    def hear(item: int) -> None:
        told.append((item, threading.current_thread().name))

    owner = threading.current_thread().name
    behind = Behind[int]("test")
    with behind.using(use):
        for number in range(5):
            behind.give(number)
        behind.finish()
        assert told == [(number, owner) for number in range(5)]


def test_an_item_is_used_while_the_next_one_is_made() -> None:
    begun, go_on = Event(), Event()

    def use(items: Iterator[int]) -> None:
        for _ in items:
            begun.set()
            assert go_on.wait(LIMIT)

    behind = Behind[int]("test")
    with behind.using(use):
        behind.give(0)
        assert begun.wait(LIMIT)
        # Here the owner makes the next one; it is not held up.
        behind.listen()
        go_on.set()
        behind.finish()


def test_what_was_told_is_heard_without_waiting_for_the_rest() -> None:
    told: list[str] = []
    told_first, go_on = Event(), Event()

    def use(items: Iterator[int]) -> None:
        for _ in items:
            behind.tell(lambda: told.append("first"))
            told_first.set()
            assert go_on.wait(LIMIT)
        behind.tell(lambda: told.append("last"))

    behind = Behind[int]("test")
    with behind.using(use):
        behind.give(0)
        assert told_first.wait(LIMIT)
        behind.listen()
        assert told == ["first"]
        go_on.set()
        behind.finish()
    assert told == ["first", "last"]


@pytest.mark.parametrize("most", [1, 4])
def test_no_more_items_wait_than_may(most: int) -> None:
    watch = Watch()

    def use(items: Iterator[Payload]) -> None:
        for _ in items:
            behind.tell(lambda: None)

    behind = Behind[Payload]("test", most)
    with behind.using(use):
        for number in range(20):
            behind.give(watch.payload(number))
        behind.finish()
    assert watch.most_alive <= most + 2  # just made, and let go just now
    assert watch.alive == 0


def test_as_many_items_as_may_wait_are_given_without_waiting() -> None:
    go_on, used = Event(), list[int]()

    def use(items: Iterator[int]) -> None:
        assert go_on.wait(LIMIT)
        used.extend(items)

    behind = Behind[int]("test", 4)
    with behind.using(use):
        for number in range(4):
            behind.give(number)
        assert used == []
        go_on.set()
        behind.finish()
    assert used == [0, 1, 2, 3]


@pytest.mark.parametrize("asked", ["give", "finish", "listen"])
def test_what_fails_is_raised_to_the_owner_and_leaves_nothing_behind(asked: str) -> None:
    watch = Watch()

    def use(items: Iterator[Payload]) -> None:
        for item in items:
            raise LookupError(item.number)

    def hear(behind: Behind[Payload]) -> None:
        if asked == "give":
            behind.give(watch.payload(8))
            behind.give(watch.payload(9))
        elif asked == "finish":
            behind.finish()
        else:
            for _ in range(LIMIT * 100):
                behind.listen()
                Event().wait(0.01)

    gc.disable()
    try:
        behind = Behind[Payload]("test", 2)
        with behind.using(use):
            behind.give(watch.payload(7))
            with pytest.raises(LookupError):
                hear(behind)
        assert watch.alive == 0
    finally:
        gc.enable()


def test_leaving_lets_go_of_what_waits() -> None:
    watch, begun, used = Watch(), Event(), list[int]()

    def use(items: Iterator[Payload]) -> None:
        for item in items:
            used.append(item.number)
            begun.set()
            with suppress(Unwanted):
                while True:
                    behind.tell(lambda: None)

    def own() -> None:
        with behind.using(use):
            for number in range(3):
                behind.give(watch.payload(number))
            assert begun.wait(LIMIT)
            raise KeyError("the device has failed")

    behind = Behind[Payload]("test", 3)
    gc.disable()
    try:
        with pytest.raises(KeyError):
            own()
        assert used == [0]
        assert watch.alive == 0
    finally:
        gc.enable()


def test_leaving_ends_the_use_at_its_next_word() -> None:
    begun, go_on = Event(), Event()
    used: list[int] = []

    def use(items: Iterator[int]) -> None:
        for item in items:
            begun.set()
            assert go_on.wait(LIMIT)
            while True:
                behind.tell(partial(used.append, item))

    def own() -> None:
        with behind.using(use):
            behind.give(0)
            assert begun.wait(LIMIT)
            go_on.set()
            raise KeyError("the device has failed")

    behind = Behind[int]("test")
    with pytest.raises(KeyError):
        own()
    assert used == []
