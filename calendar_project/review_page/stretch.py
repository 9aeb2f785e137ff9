"""From the week of an address to the stretch that a review settles, and to the week that is to be settled now."""

from datetime import datetime
from zoneinfo import ZoneInfo

from calendar_project.week.weeks import Week
from campaigns.models import Review
from campaigns.queries.agenda import Stretch


def stretch_of(week: Week, zone: ZoneInfo) -> Stretch:
    start, end = week.bounds(zone)
    return Stretch(week.address, week.days[0], week.days[-1], start, end)


def week_to_settle(now: datetime, zone: ZoneInfo) -> Week:
    """The one that is being reviewed; else the first from this week on that has not been."""
    held = Review.objects.filter(state=Review.State.OPEN).first()
    if held is not None:
        return Week.parse(held.week)
    week = Week.of(now.astimezone(zone).date())
    settled = set(Review.objects.filter(week__gte=week.address).values_list("week", flat=True))
    while week.address in settled:
        week = week.next
    return week
