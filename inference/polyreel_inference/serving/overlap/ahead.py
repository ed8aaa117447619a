"""Items made in a thread, one ahead of their use."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

from polyreel_inference.serving.overlap.unwanted import Unwanted

Item = TypeVar("Item")


@dataclass
class _End:
    """`failure` is what the items ended by, None: there are no more."""

    failure: BaseException | None = None


class Ahead(Generic[Item]):
    """Iterates over the items of `make`: while one is used, a thread makes the next one, and never more.

    `make` gets a function to be called often, which raises when nobody wants the rest any more. What `make`
    raises is raised where the next item is asked for. A context manager: once it is left, the thread has
    ended and the generator is closed, in that thread.
    """

    def __init__(self, make: Callable[[Callable[[], None]], Generator[Item, None, None]], name: str) -> None:
        self._make = make
        self._made: SimpleQueue[Item | _End] = SimpleQueue()
        self._taken = Semaphore(0)
        self._left = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._taken.release()
        self._thread.join()
        # What was made for nothing goes with it.
        self._made = SimpleQueue()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        made = self._made.get()
        if not isinstance(made, _End):
            self._taken.release()
            return made
        self._made.put(_End())
        if made.failure is None:
            raise StopIteration
        try:
            raise made.failure
        finally:
            # Its traceback leads to this frame: they would keep each other, and the frames of the video.
            del made

    def _run(self) -> None:
        end = _End()
        try:
            with closing(self._make(self._check)) as items:
                for item in items:
                    self._made.put(item)
                    del item
                    self._taken.acquire()
                    self._check()
        except Unwanted:
            pass
        except BaseException as failure:  # noqa: BLE001 - the owner decides
            end.failure = failure
        self._made.put(end)
        # As in `__next__`: the traceback leads here as well.
        del end

    def _check(self) -> None:
        if self._left.is_set():
            raise Unwanted
