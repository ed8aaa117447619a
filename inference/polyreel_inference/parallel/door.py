"""Where the followers of a team connect to its leader, and strangers do not."""

import hmac
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from polyreel_inference.parallel.link import Link

_TOKEN_BYTES = 32
_RANK = struct.Struct("!I")
CONNECT_SECONDS = 60.0
_GREETING_SECONDS = 5.0
"""Time a process gets to introduce itself, so that a silent one keeps no other out."""


@dataclass(frozen=True)
class Address:
    """Where the door is and what opens it."""

    host: str
    port: int
    token: bytes


class Door:
    """Listens at a free port of `host` until it is left as a context manager."""

    def __init__(self, host: str) -> None:
        family, _, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        self._server = socket.create_server(place[:2], family=family)
        self.address = Address(host, self._server.getsockname()[1], secrets.token_bytes(_TOKEN_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def admit(self, expected: set[int], seconds: float = CONNECT_SECONDS) -> dict[int, Link]:
        """Wait for all `expected` ranks. Raises `TimeoutError` naming those that have not come in time."""
        links: dict[int, Link] = {}
        deadline = time.monotonic() + seconds
        while missing := expected - links.keys():
            try:
                self._server.settimeout(_remaining(deadline))
                connection, _ = self._server.accept()
            except TimeoutError as error:
                for link in links.values():
                    link.close()
                raise TimeoutError(f"Ranks {sorted(missing)} did not connect to the leader.") from error
            rank = self._introduction(connection, min(deadline, time.monotonic() + _GREETING_SECONDS))
            if rank in missing:
                links[rank] = Link(connection)
            else:
                connection.close()
        return links

    def _introduction(self, connection: socket.socket, deadline: float) -> int:
        """Rank of the process that connected, -1 for a stranger."""
        data = b""
        while len(data) < _TOKEN_BYTES + _RANK.size:
            connection.settimeout(_remaining(deadline))
            try:
                received = connection.recv(_TOKEN_BYTES + _RANK.size - len(data))
            except OSError:
                return -1
            if not received:
                return -1
            data += received
        if not hmac.compare_digest(data[:_TOKEN_BYTES], self.address.token):
            return -1
        rank: int = _RANK.unpack(data[_TOKEN_BYTES:])[0]
        return rank


def enter(address: Address, rank: int) -> Link:
    """Connect to the leader as `rank`. Raises `OSError` when it cannot be reached."""
    connection = socket.create_connection((address.host, address.port), timeout=CONNECT_SECONDS)
    connection.sendall(address.token + _RANK.pack(rank))
    return Link(connection)


def _remaining(deadline: float) -> float:
    # Zero would mean not to wait at all, which is another error.
    return max(0.001, deadline - time.monotonic())
