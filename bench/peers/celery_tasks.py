"""A Celery task for each recipient, as tutorials have it, at its best: nothing is read, one connection per process.

celery -A bench.peers.celery_tasks worker
"""

import os

import django
from celery import Celery

django.setup()

from django.core.mail import get_connection  # noqa: E402 - Django is set up first
from django.core.mail.backends.base import BaseEmailBackend  # noqa: E402

from bench.letter import Recipient, recipients  # noqa: E402
from bench.peers.letters import letter  # noqa: E402
from bench.peers.obeying import obey  # noqa: E402

QUEUES = ("warm", "main")
app = Celery("peer", broker=os.environ["BENCH_BROKER"])
# Celery's guide on optimising: many short tasks want a high prefetch; nobody asks for results.
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=100, broker_connection_retry_on_startup=True)
_kept: list[BaseEmailBackend] = []


@app.task(name="bench.send_letter")
def send_letter(number: int, name: str, attributes: dict[str, str]) -> None:
    """Rendered and sent in the worker. The connection of this process is opened once and stays open."""
    if not _kept:
        _kept.append(get_connection())
        _kept[0].open()
    _kept[0].send_messages([letter(Recipient(number, name, attributes))])


def fill(first: int, count: int, queue: int) -> None:
    """Into a queue that nobody reads yet."""
    with app.producer_pool.acquire() as producer:
        for each in recipients(first, count):
            arguments = (each.number, each.name, each.attributes)
            send_letter.apply_async(arguments, queue=QUEUES[queue], producer=producer)


def begin(queue: int) -> None:
    """Every worker reads that queue from now on."""
    app.control.add_consumer(QUEUES[queue])


if __name__ == "__main__":
    obey({"fill": fill, "begin": begin})
