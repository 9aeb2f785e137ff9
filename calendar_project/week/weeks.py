"""An ISO week as a value: its address, its days, its neighbours and its bounds as instants."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

ADDRESS = re.compile(r"(2\d{3})-W(\d{2})")


class NoSuchWeek(ValueError):
    """The text is not an ISO week between the years 2000 and 2999."""


@dataclass(frozen=True)
class Week:
    """One ISO week, Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def parse(cls, address: str) -> Self:
        """`2026-W48` → the week; raises `NoSuchWeek`, for a week 53 in a year that has 52 too."""
        match = ADDRESS.fullmatch(address)
        if not match:
            raise NoSuchWeek(f"“{address}” is not a week such as 2026-W48.")
        week = cls(int(match[1]), int(match[2]))
        try:
            date.fromisocalendar(week.year, week.number, 1)
        except ValueError as error:
            raise NoSuchWeek(f"{week.year} has no week {week.number}.") from error
        return week

    @classmethod
    def of(cls, day: date) -> Self:
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def address(self) -> str:
        return f"{self.year}-W{self.number:02}"

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(date.fromisocalendar(self.year, self.number, day) for day in range(1, 8))

    @property
    def previous(self) -> Self:
        return self.of(self.days[0] - timedelta(days=1))

    @property
    def next(self) -> Self:
        return self.of(self.days[-1] + timedelta(days=1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The week in a zone as a half-open range of UTC instants; 167 to 169 hours where clocks change."""
        first = datetime.combine(self.days[0], time.min, tzinfo=zone)
        last = datetime.combine(self.days[-1] + timedelta(days=1), time.min, tzinfo=zone)
        return first.astimezone(UTC), last.astimezone(UTC)
