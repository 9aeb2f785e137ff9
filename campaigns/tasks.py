"""What the clock and the workers call: each task reads the time and calls one service."""

from celery import shared_task

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
