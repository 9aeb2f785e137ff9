"""What beat wakes on this floor: each task reads the clock and calls one service."""

from celery import shared_task

from audiences.clock import read_now
from deliveries.queries.dispatch import channels_due
from deliveries.services import dispatching, reaping


@shared_task
def dispatch_due() -> None:
    """Wake a dispatch for every channel on which something is due. One that nobody takes soon is asked for again."""
    for name in channels_due(read_now()):
        dispatch_channel.apply_async(args=(name,), expires=5)


@shared_task
def dispatch_channel(name: str) -> None:
    dispatching.dispatch(name, read_now)


@shared_task
def reap() -> None:
    reaping.reap(read_now())
