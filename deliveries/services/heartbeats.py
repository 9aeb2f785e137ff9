"""Heartbeats: each part of the engine says that it has run."""

from datetime import datetime, timedelta

from deliveries.models import Heartbeat

# Often enough for an alarm after a minute, and so that a part that runs every second does not write every second.
EVERY = timedelta(seconds=5)


def beat(part: str, now: datetime) -> None:
    """`part` (a `Heartbeat.Part`) has run at `now`. Call it when the work is done: one that fails has no pulse."""
    if Heartbeat.objects.filter(part=part, at__gt=now - EVERY).exists():
        return
    Heartbeat.objects.bulk_create(
        [Heartbeat(part=part, at=now)], update_conflicts=True, unique_fields=["part"], update_fields=["at"]
    )
