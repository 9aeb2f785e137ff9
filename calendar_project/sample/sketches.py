"""What a campaign of the sample is written down as; days are counted in working days from the day it is loaded."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from campaigns.plan import MessagePlan


@dataclass(frozen=True)
class Sketch:
    """One campaign. `becomes` is the status that people bring it to; what follows from sends follows by itself.

    `workday`: when a dated one goes out, in working days from today; `weekday`: the first of a weekly one, counted
    from the Monday of the week in which the sample's history begins. `ends`: when its experiment ends, in working days.
    """

    name: str
    team: str
    owner: str
    topic: str
    include: tuple[str, ...]
    messages: tuple[MessagePlan, ...]
    becomes: str
    goal: str
    workday: int | None = None
    hour: str = ""
    weekly: str = ""
    ends: int | None = None
    exclude: tuple[str, ...] = ()
    milestone: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> list[str]:
        return list(dict.fromkeys(message.channel for message in self.messages))


def working_day(today: date, number: int) -> date:
    """`number` working days after today, or before it; 0 is today, or the Friday before it at a weekend."""
    day = today - timedelta(days=max(0, today.weekday() - 4))
    step = 1 if number > 0 else -1
    for _ in range(abs(number)):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day
