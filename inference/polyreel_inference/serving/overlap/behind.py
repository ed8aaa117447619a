"""Items used up in a thread, behind their making."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from polyreel_inference.serving.overlap.unwanted import Unwanted

Item = TypeVar("Item")
Word = Callable[[], None]


@dataclass
class _End:
    """`failure` is what the use of the items ended by, None: no more are given, or all are used up."""

    failure: BaseException | None = None


class Behind(Generic[Item]):
    """Has a thread use one item after the other, while its owner makes the next ones.

    At most `most` of them are given and not used up yet. What only the owner's thread may do, it is told by
    `tell`.
    """

    def __init__(self, name: str, most: int = 1) -> None:
        self._name, self._most = name, most
        self._given: SimpleQueue[Item | _End] = SimpleQueue()
        self._told: SimpleQueue[Word | _End | None] = SimpleQueue()
        self._unused = 0
        self._ended = False
        self._left = Event()

    @contextmanager
    def using(self, use: Callable[[Iterator[Item]], None]) -> Iterator[None]:
        """Run the thread, in which `use` gets all items, each one used up when it asks for the next.

        What it raises is raised to the owner. Once the context is left, the thread has ended, at its next
        item or `tell` if `finish` was not called.
        """
        # Only the thread holds `use`, which may lead back to this object.
        thread = Thread(target=self._run, args=(use,), name=self._name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._left.set()
            self._given.put(_End())
            thread.join()
            # What was given and told for nothing goes with it.
            self._given, self._told = SimpleQueue(), SimpleQueue()

    def tell(self, word: Word) -> None:
        """Have `word` called in the owner's thread; for `use`. Raises when nobody listens any more."""
        self._check()
        self._told.put(word)

    def listen(self) -> None:
        """Call everything that was told so far, without waiting. Raises what `use` has raised."""
        self._hear(lambda: True)

    def give(self, item: Item) -> None:
        """Have an item used, after those before; wait, and listen, until few enough of them are left.

        Raises as `listen` does.
        """
        self._hear(lambda: self._unused < self._most)
        self._unused += 1
        self._given.put(item)

    def finish(self) -> None:
        """Give no more; wait, and listen, until `use` has returned. Raises as `listen` does."""
        self._given.put(_End())
        self._hear(lambda: self._ended)

    def _hear(self, enough: Callable[[], bool]) -> None:
        """Wait, and listen, until it is `enough`, and then to what was told meanwhile."""
        while True:
            try:
                told = self._told.get(block=not (self._ended or enough()))
            except Empty:
                return
            if told is None:
                self._unused -= 1
            elif isinstance(told, _End):
                self._ended = True
                if told.failure is not None:
                    try:
                        raise told.failure
                    finally:
                        # Its traceback leads to this frame: they would keep each other.
                        del told
            else:
                told()

    def _run(self, use: Callable[[Iterator[Item]], None]) -> None:
        end = _End()
        try:
            use(self._items())
        except Unwanted:
            pass
        except BaseException as failure:  # noqa: BLE001 - the owner decides
            end.failure = failure
        self._told.put(end)
        # As in `_hear`: the traceback leads here as well.
        del end

    def _items(self) -> Iterator[Item]:
        while True:
            item = self._given.get()
            self._check()
            if isinstance(item, _End):
                return
            yield item
            del item
            self._told.put(None)

    def _check(self) -> None:
        if self._left.is_set():
            raise Unwanted
