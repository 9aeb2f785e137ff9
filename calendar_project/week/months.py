"""A month and a day as values."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from .periods import A_DAY, NoSuchPeriod, Period
from .weeks import Week

MONTH = re.compile(r"(2\d{3})-(\d{2})", re.ASCII)
DAY = re.compile(r"2\d{3}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Month(Period):
    """One month; its `days` are those of every week that has one of its own."""

    noun = "month"
    present = "This month"

    year: int
    number: int

    @classmethod
    def parse(cls, address: str) -> Self:
        """`2026-11` → the month."""
        match = MONTH.fullmatch(address)
        if not match or not 1 <= int(match[2]) <= 12:
            raise NoSuchPeriod(f"“{address}” is not a month such as 2026-11.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month)

    @property
    def address(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def own(self) -> tuple[date, date]:
        first = date(self.year, self.number, 1)
        return first, (first + timedelta(days=31)).replace(day=1) - A_DAY

    @property
    def days(self) -> tuple[date, ...]:
        first, last = (Week.of(day).days for day in self.own)
        return tuple(first[0] + timedelta(days=number) for number in range((last[-1] - first[0]).days + 1))

    @property
    def title(self) -> str:
        return f"{self.anchor:%B %Y}"

    @property
    def label(self) -> str:
        return f"{self.anchor:%B}"

    @property
    def anchor(self) -> date:
        """Its first Thursday, whose week is of this month."""
        first, _ = self.own
        return first + timedelta(days=(3 - first.weekday()) % 7)


@dataclass(frozen=True)
class OneDay(Period):
    """One day, opened on its own."""

    noun = "day"
    present = "Today"

    day: date

    @classmethod
    def parse(cls, address: str) -> Self:
        """`2026-11-24` → the day."""
        try:
            if DAY.fullmatch(address):
                return cls(date.fromisoformat(address))
        except ValueError:
            pass
        raise NoSuchPeriod(f"“{address}” is not a day such as 2026-11-24.")

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day)

    @property
    def address(self) -> str:
        return self.day.isoformat()

    @property
    def days(self) -> tuple[date, ...]:
        return (self.day,)

    @property
    def title(self) -> str:
        return f"{self.day:%A} {self.day.day} {self.day:%B %Y}"

    @property
    def label(self) -> str:
        return f"{self.day:%a} {self.day.day} {self.day:%b}"

    @property
    def subtitle(self) -> str:
        return Week.of(self.day).label

    @property
    def anchor(self) -> date:
        return self.day
