"""Find a port for a process that must be told one before it listens."""

import random
import socket

# Below the range that systems give to outgoing connections, one of which would take a port found there in between.
_PORTS = range(15_000, 32_000)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on now; raises OSError when none is found."""
    for port in random.sample(_PORTS, 100):
        try:
            with socket.create_server((host, port)):
                return port
        except OSError:
            continue
    raise OSError("no free port found")
