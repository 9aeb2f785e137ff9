"""How many people a day of a continuous campaign is expected to have: an estimate from what happened lately."""

from datetime import timedelta

LOOK_BACK = timedelta(days=28)


def expected_per_day(happened: int, over: timedelta = LOOK_BACK) -> int:
    """The mean per day, rounded up so that what happens at all is never shown as nobody."""
    days = max(over / timedelta(days=1), 1)
    return -int(-happened // days)
