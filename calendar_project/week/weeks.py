"""An ISO week as a value."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from .periods import NoSuchPeriod, Period

ADDRESS = re.compile(r"(2\d{3})-W(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Week(Period):
    """One ISO week, Monday to Sunday."""

    noun = "week"
    present = "This week"

    year: int
    number: int

    @classmethod
    def parse(cls, address: str) -> Self:
        """`2026-W48` → the week; raises `NoSuchPeriod`, for a week 53 in a year that has 52 too."""
        match = ADDRESS.fullmatch(address)
        if not match:
            raise NoSuchPeriod(f"“{address}” is not a week such as 2026-W48.")
        week = cls(int(match[1]), int(match[2]))
        try:
            date.fromisocalendar(week.year, week.number, 1)
        except ValueError as error:
            raise NoSuchPeriod(f"{week.year} has no week {week.number}.") from error
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
    def title(self) -> str:
        """`23 – 29 November 2026`, `30 November – 6 December 2026`, `28 December 2026 – 3 January 2027`."""
        first, last = self.days[0], self.days[-1]
        words = f"{first.day}"
        if first.month != last.month:
            words += f" {first:%B}"
        if first.year != last.year:
            words += f" {first.year}"
        return f"{words} – {last.day} {last:%B %Y}"

    @property
    def label(self) -> str:
        return f"Week {self.number}"

    @property
    def subtitle(self) -> str:
        return self.label

    @property
    def anchor(self) -> date:
        """A week is of the month, as of the year, that has its Thursday."""
        return self.days[3]
