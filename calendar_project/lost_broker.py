"""Redis as a broker that may be lost: a worker whose connection broke connects again and goes on.

What was in hand then need be neither acknowledged nor put back: the next tick asks anew. kombu does both by way of
the connection that it has just closed, and the worker would end with an AttributeError of it.
"""

from typing import Any

from kombu.transport import redis


class _QoS(redis.QoS):
    restore_at_shutdown = False

    def ack(self, delivery_tag: Any) -> None:
        if not self.channel.closed:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        if not self.channel.closed:
            super().reject(delivery_tag, requeue=requeue)


def survive_its_loss() -> None:
    redis.Channel.QoS = _QoS
