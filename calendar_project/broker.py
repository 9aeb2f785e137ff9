"""What the connection to the broker is told, by the kind of broker."""

from typing import Any

# Seconds. A Redis that has gone without closing its connections (a failover, a firewall that forgets) would otherwise
# be waited for without end. Longer than the ten that a worker's own blocking read takes.
PATIENCE = 15


def broker_options(url: str) -> dict[str, Any]:
    """Celery's `broker_transport_options`. RabbitMQ's driver has timeouts of its own and refuses options of others.

    The visibility timeout stays the hour that it is: what a lost worker had in hand is given out again after that, long
    after the next tick has asked for the same work, and has expired by then.
    """
    if url.startswith("memory:"):
        # It polls once a second unless told otherwise.
        return {"polling_interval": 0.05}
    if url.startswith("redis"):
        return {
            "socket_keepalive": True,
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "health_check_interval": PATIENCE,
        }
    return {}
