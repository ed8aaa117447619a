"""The bounded way from an engine's thread to the event loop that sends its messages."""

import asyncio
import threading
from collections import deque

from polyreel_inference.host.protocol import generation_pb2 as wire

CAPACITY = 4
"""Messages that may wait for the client; pieces have at most 1 MiB, so a slow client costs little memory."""


class Outbox:
    """A queue that blocks the engine's thread, not the memory, while the client reads slowly."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[wire.GenerateResponse] = deque()
        self._changed = threading.Condition()
        self._filled = asyncio.Event()
        self._closed = False

    def put(self, message: wire.GenerateResponse) -> bool:
        """Queue a message, from any thread; blocks while the queue is full. False once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < CAPACITY)
            if self._closed:
                return False
            self._waiting.append(message)
        self._wake()
        return True

    async def get(self) -> wire.GenerateResponse | None:
        """The next message; None when the outbox is closed and empty. For the event loop."""
        while True:
            with self._changed:
                if self._waiting:
                    message = self._waiting.popleft()
                    self._changed.notify_all()
                    return message
                if self._closed:
                    return None
                self._filled.clear()
            await self._filled.wait()

    def close(self, discard: bool = False) -> None:
        """Take no more messages; those that wait are still sent unless `discard`. For any thread."""
        with self._changed:
            self._closed = True
            if discard:
                self._waiting.clear()
            self._changed.notify_all()
        self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._filled.set)
