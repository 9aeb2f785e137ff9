"""What the clock and the workers call: each task reads the time and calls one service."""

from celery import shared_task
from django.db import transaction

from audiences.clock import read_now
from campaigns.services import firings, overlaps, planning


@shared_task
def plan_all() -> None:
    planning.plan_all(read_now())


@shared_task
def check_overlaps(campaign_id: int | None = None) -> None:
    """Of one campaign after it was saved; of all of them on the tick."""
    overlaps.check_overlaps(read_now(), campaign_id)


@shared_task
def fire_triggers() -> None:
    firings.fire_all(read_now())


def check_overlaps_soon(campaign_id: int) -> None:
    """Once what was done is committed. A broker that is away must not make a failure of it: the tick asks again."""

    def ask() -> None:
        check_overlaps.delay(campaign_id)

    transaction.on_commit(ask, robust=True)
