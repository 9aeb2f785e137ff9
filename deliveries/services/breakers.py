"""Circuit breakers: a channel whose other side asks for patience is left alone, longer each time, by every machine.

All of it in conditional updates, so that a hundred workers who hear the same refusal count it once. None of these
belongs inside a window's transaction: the row is shared by everybody who sends on the channel.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from deliveries.models import Breaker
from deliveries.queries.running import standing

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
# The other side may name a time itself; one that says "tomorrow" is asked again within the hour all the same.
LONGEST_ASKED = timedelta(hours=1)
MOST_FAILURES = 10_000
LOOK_AGAIN = timedelta(seconds=1)

#: Channel → when this process last found its breaker closed, or closed it.
_found_closed: dict[str, datetime] = {}


def may_try(channel: str, now: datetime) -> bool:
    """Whether anything may be tried on the channel. One statement; ask once a dispatch."""
    return standing(channel, now) is not Breaker.Standing.WAITING


def wait_after(failures: int, retry_after: float | None = None) -> timedelta:
    """How long to wait after so many failures in a row: 5, 10, 20 … seconds up to 5 minutes, or what was asked for."""
    own: timedelta = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    # Any number may come from outside, and not each is a timedelta.
    return max(own, timedelta(seconds=min(LONGEST_ASKED.total_seconds(), retry_after or 0.0)))


def note_slow_down(channel: str, problem: str, now: datetime, retry_after: float | None = None) -> bool:
    """The other side asked the channel to wait; `problem` is what it said, without addresses. Whether it counted.

    Within one waiting time one note counts, however many workers heard the same. `retry_after`: seconds it asked for.
    """
    _found_closed.pop(channel, None)
    # 1. A row to stand on. 2. Read it. 3. Move it only if nobody was quicker.
    Breaker.objects.bulk_create([Breaker(channel=channel, changed_at=now)], ignore_conflicts=True)
    before = Breaker.objects.get(channel=channel)
    failures = min(before.failures + 1, MOST_FAILURES)
    is_over = Q(failures=0) | Q(waits_until__isnull=True) | Q(waits_until__lte=now)
    moved = Breaker.objects.filter(is_over, channel=channel, failures=before.failures).update(
        failures=failures,
        waits_until=now + wait_after(failures, retry_after),
        problem=_storable(problem),
        changed_at=now,
    )
    return moved == 1


def note_taken(channel: str, now: datetime) -> None:
    """The other side took a message: a half-open breaker closes. Cheap enough for every window.

    One that waits stays: what is taken then was on its way before the refusal. Another process may have opened it, so
    the database is looked at once a second all the same.
    """
    found = _found_closed.get(channel)
    if found is not None and abs(now - found) < LOOK_AGAIN:
        return
    half_open = _open(channel).filter(Q(waits_until__isnull=True) | Q(waits_until__lte=now))
    # Looked at before it is written: on SQLite a write waits for every other writer, though it changes nothing.
    if half_open.exists():
        half_open.update(failures=0, waits_until=None, changed_at=now)
    _found_closed[channel] = now


def close(channel: str, now: datetime) -> bool:
    """An operator wants it tried now. Whether it was open; what the other side said last is kept."""
    return _open(channel).update(failures=0, waits_until=None, changed_at=now) == 1


def _open(channel: str) -> QuerySet[Breaker]:
    return Breaker.objects.filter(channel=channel, failures__gt=0)


def _storable(text: str) -> str:
    """Text that any database takes: no NUL, no lone surrogate."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:300]
