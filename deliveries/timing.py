"""When each customer's message is due: their own hour, moved past quiet hours, unless that is too late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from campaigns.recurrence import instant
from deliveries.admission import Gate
from deliveries.quiet_hours import QuietPeriod, next_allowed, next_quiet


@dataclass(frozen=True)
class Due:
    """Customers who share a zone and a moment. Instants are aware, UTC."""

    zone: ZoneInfo
    at: datetime
    expires_at: datetime
    members: BitMap


@dataclass(frozen=True)
class Schedule:
    """When a send is due: at one instant, or at each customer's own hour where `local` (naive) is given."""

    due_at: datetime
    local: datetime | None
    expires_after: timedelta
    grace: timedelta

    def due_in(self, zone: ZoneInfo) -> datetime:
        return self.due_at if self.local is None else instant(self.local, zone)

    def is_missed(self, zone: ZoneInfo, now: datetime) -> bool:
        """Only an hour of their own can be missed; a send of one instant that is late goes out until it expires."""
        return self.local is not None and self.due_in(zone) + self.grace < now


@dataclass(frozen=True)
class Placed:
    """Who is due when, and the gates (`missed`, `expired`) of those for whom it is too late."""

    dues: tuple[Due, ...]
    gates: tuple[Gate, ...]

    @property
    def earliest(self) -> datetime:
        return min(due.at for due in self.dues)

    @property
    def latest(self) -> datetime:
        return max(due.at for due in self.dues)


def place(zones: Mapping[ZoneInfo, BitMap], schedule: Schedule, quiet: QuietPeriod | None, now: datetime) -> Placed:
    """Give everyone their moment. `now` decides what is missed or has expired already, nothing else."""
    dues, missed, expired = [], BitMap(), BitMap()
    for zone, members in zones.items():
        due_at = schedule.due_in(zone)
        due = Due(zone, next_allowed(due_at, zone, quiet), due_at + schedule.expires_after, members)
        if schedule.is_missed(zone, now):
            missed |= members
        elif max(due.at, now) >= due.expires_at:
            expired |= members
        else:
            dues.append(due)
    gates = Gate("missed", "", missed), Gate("expired", "quiet_hours" if quiet else "", expired)
    return Placed(tuple(dues), gates)


def closes_at(due: Due, quiet: QuietPeriod | None) -> datetime:
    """When it may leave no more: quiet hours begin again, or it expires."""
    begins = next_quiet(due.at, due.zone, quiet)
    return min(begins, due.expires_at) if begins else due.expires_at


def among(dues: Iterable[Due], members: BitMap) -> list[Due]:
    """The same moments for `members` alone; moments that are nobody's are left out."""
    cut = (replace(due, members=due.members & members) for due in dues)
    return [due for due in cut if due.members]
