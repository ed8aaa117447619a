"""A connection between the leader and one follower, over which they tell each other what happens.

It stands beside the groups that exchange a model's tensors: it works while those are blocked, and it breaks
at once when the process at the other end dies.
"""

import contextlib
import pickle
import socket
import struct
import threading
from typing import Any

from polyreel_inference.parallel.payload import Packed, empty_like_layout, pack, raw_bytes, unpack

_LENGTHS = struct.Struct("!QQ")
_SEND_SECONDS = 60.0
_TIME = struct.Struct("@ll")
"""What SO_SNDTIMEO takes: seconds and microseconds."""

_KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}
"""So that a machine which vanished is missed within a minute; systems wait two hours by themselves."""


class Link:
    """Sends objects, whose tensors may be large, and receives them. Sending is safe from several threads.

    A receiver that takes nothing for `send_seconds` counts as gone, and the link ends at both ends.
    """

    def __init__(self, connection: socket.socket, send_seconds: float = _SEND_SECONDS) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        # Small messages decide when a step begins; they must not wait for others to fill a packet.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            if hasattr(socket, name):  # not every system has all of them
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        connection.settimeout(None)
        seconds = int(send_seconds)
        limit = _TIME.pack(seconds, round((send_seconds - seconds) * 1e6))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def send(self, message: Any) -> None:
        """Send an object. Raises `OSError` when the other end is gone."""
        self.send_packed(pack(message))

    def send_packed(self, packed: Packed) -> None:
        """Send an object that was packed once for several receivers. Raises `OSError`."""
        layouts = pickle.dumps(packed.layouts)
        with self._sending:
            try:
                self._connection.sendall(
                    _LENGTHS.pack(len(packed.body), len(layouts)) + layouts + packed.body
                )
                for tensor in packed.tensors:
                    self._connection.sendall(raw_bytes(tensor))
            except OSError:
                # The other end has a part of it, so nothing that followed could be understood.
                self._shut()
                raise

    def receive(self) -> Any:
        """Wait for the next object. Raises `EOFError` or `OSError` when the other end is gone."""
        body_length, layouts_length = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        # Both ends are processes of one group, proven by the token of the group.
        layouts = pickle.loads(self._exactly(layouts_length))  # noqa: S301
        body = bytes(self._exactly(body_length))
        tensors = [empty_like_layout(layout) for layout in layouts]
        for tensor in tensors:
            self._fill(raw_bytes(tensor))
        return unpack(Packed(body, tensors))

    def close(self) -> None:
        """End the connection; a `receive` that waits at either end returns with an error."""
        self._shut()
        self._connection.close()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # the other end may have been faster
            self._connection.shutdown(socket.SHUT_RDWR)

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        self._fill(memoryview(data))
        return data

    def _fill(self, view: memoryview) -> None:
        filled = 0
        while filled < len(view):
            count = self._connection.recv_into(view[filled:])
            if not count:
                raise EOFError("the other end has closed the connection")
            filled += count
