"""One item is made while the one before is used: never none, never two, and nothing stays behind."""

import gc
import threading
from collections.abc import Callable, Generator, Iterator
from threading import Event

import pytest

from polyreel_inference.serving.overlap.ahead import Ahead
from tests.serving.overlap.payload import Payload, Watch

LIMIT = 60
"""Seconds after which a thread that is waited for has hung."""

Check = Callable[[], None]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_items_come_in_order_and_end() -> None:
    def make(check: Check) -> Generator[int, None, None]:
        yield from range(5)

    with Ahead(make, "test") as items:
        assert list(items) == [0, 1, 2, 3, 4]
        assert list(items) == []


def test_the_next_item_is_made_while_one_is_used() -> None:
    begun = [Event() for _ in range(4)]

    def make(check: Check) -> Generator[int, None, None]:
        for number, event in enumerate(begun):
            event.set()
            yield number

    with Ahead(make, "test") as items:
        for number in items:
            following = min(number + 1, 3)
            assert begun[following].wait(LIMIT)


def test_no_more_than_one_item_is_made_ahead() -> None:
    watch = Watch()

    def make(check: Check) -> Generator[Payload, None, None]:
        for number in range(20):
            yield watch.payload(number)

    with Ahead(make, "test") as items:
        assert [item.number for item in items] == list(range(20))
    assert watch.most_alive <= 3  # used, ready, and replaced by the next one just now
    assert watch.alive == 0


def test_what_fails_is_raised_in_its_place_and_leaves_nothing_behind() -> None:
    watch, closed = Watch(), Event()

    def make(check: Check) -> Generator[Payload, None, None]:
        held = watch.payload(-1)
        try:
            yield watch.payload(0)
            raise LookupError(held.number)
        finally:
            closed.set()

    gc.disable()
    try:
        with Ahead(make, "test") as items:
            assert next(items).number == 0
            with pytest.raises(LookupError):
                next(items)
            assert closed.is_set()
            assert list(items) == []
        assert watch.alive == 0
    finally:
        gc.enable()


def test_leaving_ends_the_making_at_its_next_check_and_closes_it() -> None:
    begun, closed, threads = Event(), Event(), []

    def make(check: Check) -> Generator[int, None, None]:
        try:
            yield 0
            begun.set()
            while True:
                check()
        finally:
            threads.append(threading.current_thread().name)
            closed.set()

    def use() -> None:
        with Ahead(make, "test") as items:
            assert next(items) == 0
            assert begun.wait(LIMIT)
            raise KeyError("the device has failed")

    with pytest.raises(KeyError):
        use()
    assert closed.is_set()
    assert threads == ["test"]


def test_leaving_lets_go_of_what_was_ready() -> None:
    watch, ready = Watch(), Event()

    def make(check: Check) -> Generator[Payload, None, None]:
        for number in range(3):
            yield watch.payload(number)
            ready.set()

    gc.disable()
    try:
        ahead = Ahead(make, "test")
        with ahead as items:
            next(items)
            assert ready.wait(LIMIT)
        assert watch.alive == 0
    finally:
        gc.enable()
