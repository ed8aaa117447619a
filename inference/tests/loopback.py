"""The addresses of the loopback that this machine has: many containers are without IPv6."""

import socket


def _takes(host: str, family: socket.AddressFamily) -> bool:
    try:
        socket.create_server((host, 0), family=family).close()
    except OSError:
        return False
    return True


LOOPBACKS = ("127.0.0.1", *(("::1",) if _takes("::1", socket.AF_INET6) else ()))
