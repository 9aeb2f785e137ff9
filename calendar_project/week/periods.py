"""What a page of the calendar shows, as a value: its days, its address, its neighbours and its bounds as instants."""

from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

A_DAY = timedelta(days=1)


class NoSuchPeriod(ValueError):
    """The text is no week, month or day between the years 2000 and 2999."""


class Period(ABC):
    """Days in a row. `address` is how it stands in an address, and `parse` reads that back."""

    noun: ClassVar[str]
    present: ClassVar[str]

    @classmethod
    @abstractmethod
    def parse(cls, address: str) -> Self:
        """Raises `NoSuchPeriod`."""

    @classmethod
    @abstractmethod
    def of(cls, day: date) -> Self: ...

    @property
    @abstractmethod
    def address(self) -> str: ...

    @property
    @abstractmethod
    def days(self) -> tuple[date, ...]: ...

    @property
    @abstractmethod
    def title(self) -> str:
        """For a heading, with its year."""

    @property
    @abstractmethod
    def label(self) -> str:
        """For a link, without."""

    @property
    def subtitle(self) -> str:
        """What is said below the title; empty: nothing."""
        return ""

    @property
    @abstractmethod
    def anchor(self) -> date:
        """The day by which the same time is found in another view, and this one again from there."""

    @property
    def previous(self) -> Self:
        return self.of(self.own[0] - A_DAY)

    @property
    def next(self) -> Self:
        return self.of(self.own[1] + A_DAY)

    @property
    def own(self) -> tuple[date, date]:
        """Its first and last day; a month has the rest of its weeks among its `days`, which are not its own."""
        return self.days[0], self.days[-1]

    def has(self, day: date) -> bool:
        """Whether it is one of its own days."""
        first, last = self.own
        return first <= day <= last

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """In a zone, as a half-open range of UTC instants; a week is 167 to 169 hours where clocks change."""
        first = datetime.combine(self.days[0], time.min, tzinfo=zone)
        last = datetime.combine(self.days[-1] + A_DAY, time.min, tzinfo=zone)
        return first.astimezone(UTC), last.astimezone(UTC)
