"""A port for a server that is started a moment later, by somebody else."""

import random
import socket

# Below those that systems give to connections and to servers that ask for any: nobody gets it by chance meanwhile.
PORTS = range(20_000, 30_000)


def free_port() -> int:
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as listener:
            if listener.connect_ex(("127.0.0.1", port)) != 0:
                return port
