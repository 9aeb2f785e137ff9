"""A broker that may be lost: a worker whose connection broke connects again and goes on.

What was in hand then need be neither acknowledged nor put back: the next tick asks anew. kombu does both, where the
broker is a Redis, by way of the connection that it has just closed, and the worker would end with an AttributeError.
"""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis

#: Seconds between two tries. Left to itself kombu waits two longer each time, up to thirty, and no setting of Celery's
#: reaches the connection of a worker.
LONGEST_WAIT = 4


class _PatientConnection(Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super().ensure_connection(*args, **{"interval_max": LONGEST_WAIT, **options})


class Amqp(AMQP):
    """For Celery, of whose connections none waits long."""

    Connection = _PatientConnection


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
