"""What a cap allows, reckoned anew and slowly, for one customer: the judge of what the admission decided."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def fullest_window(kind: str, days: int, moments: Iterable[datetime], zone: ZoneInfo) -> int:
    """How many of the moments are in the window that holds the most of them."""
    if kind == "calendar":
        return max(Counter(_period(moment, days, zone) for moment in moments).values(), default=0)
    ordered, length = sorted(moments), timedelta(days=days)
    return max((sum(first <= other < first + length for other in ordered) for first in ordered), default=0)


def most_that_fit(limit: int, days: int, moments: Iterable[datetime], zone: ZoneInfo) -> int:
    """Under a calendar cap it does not depend on the order in which they come."""
    return sum(min(limit, count) for count in Counter(_period(moment, days, zone) for moment in moments).values())


def _period(moment: datetime, days: int, zone: ZoneInfo) -> date:
    day = moment.astimezone(zone).date()
    return day if days == 1 else date.fromisocalendar(*day.isocalendar()[:2], 1)
