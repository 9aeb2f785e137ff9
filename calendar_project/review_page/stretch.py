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
    """The one that is being reviewed; else this week, until its review is closed; then the next one."""
    held = Review.objects.filter(state=Review.State.OPEN).first()
    if held is not None:
        return Week.parse(held.week)
    this_week = Week.of(now.astimezone(zone).date())
    return this_week.next if Review.objects.filter(week=this_week.address).exists() else this_week
