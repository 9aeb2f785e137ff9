"""Wall-clock moments at which zones are odd, and the instants that they mean, worked out by hand from the zones' rules.

Rows keep to what tzdata has said since 2024b. Where only the clock's own reading differs from what was asked for, the
moment lies in a gap: the third column says what the clock shows instead.
"""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Row(NamedTuple):
    name: str
    asked: str
    means: str  # UTC
    shows: str  # "" where the clock shows what was asked for
    why: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.name)

    @property
    def local(self) -> datetime:
        return datetime.fromisoformat(self.asked)

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.means).replace(tzinfo=UTC)

    @property
    def shown(self) -> datetime:
        return datetime.fromisoformat(self.shows or self.asked)


GAPS = (
    Row("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30", "2026-03-29T03:30", "02:00 to 03:00"),
    Row("Europe/London", "2026-03-29T01:30", "2026-03-29T01:30", "2026-03-29T02:30", "01:00 to 02:00"),
    Row(
        "Europe/Dublin", "2026-03-29T01:30", "2026-03-29T01:30", "2026-03-29T02:30", "its winter time is the exception"
    ),
    Row("America/New_York", "2027-03-14T02:30", "2027-03-14T07:30", "2027-03-14T03:30", "02:00 to 03:00"),
    Row("America/St_Johns", "2026-03-08T02:30", "2026-03-08T06:00", "2026-03-08T03:30", "from UTC−3:30"),
    Row("America/Miquelon", "2026-03-08T02:30", "2026-03-08T05:30", "2026-03-08T03:30", "from UTC−3"),
    Row("America/Havana", "2026-03-08T00:30", "2026-03-08T05:30", "2026-03-08T01:30", "over midnight"),
    Row("America/Santiago", "2026-09-06T00:30", "2026-09-06T04:30", "2026-09-06T01:30", "over midnight"),
    Row("Pacific/Easter", "2026-09-05T22:30", "2026-09-06T04:30", "2026-09-05T23:30", "on the evening before"),
    Row("America/Asuncion", "2024-10-06T00:30", "2024-10-06T04:30", "2024-10-06T01:30", "for the last time"),
    Row("America/Nuuk", "2027-03-27T23:30", "2027-03-28T01:30", "2027-03-28T00:30", "the last hour of a date is none"),
    Row("America/Scoresbysund", "2026-03-28T23:30", "2026-03-29T01:30", "2026-03-29T00:30", "as Nuuk, since 2024"),
    Row("Atlantic/Azores", "2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T01:30", "over midnight"),
    Row("Africa/Cairo", "2026-04-24T00:30", "2026-04-23T22:30", "2026-04-24T01:30", "over midnight, since 2023"),
    Row("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30", "2026-03-22T03:30", "Ramadan is over"),
    Row("Asia/Beirut", "2026-03-29T00:30", "2026-03-28T22:30", "2026-03-29T01:30", "over midnight"),
    Row("Asia/Jerusalem", "2026-03-27T02:30", "2026-03-27T00:30", "2026-03-27T03:30", "on a Friday"),
    Row("Asia/Gaza", "2026-03-28T02:30", "2026-03-28T00:30", "2026-03-28T03:30", "on a Saturday, after Ramadan"),
    Row("Australia/Adelaide", "2026-10-04T02:30", "2026-10-03T17:00", "2026-10-04T03:30", "from UTC+9:30"),
    Row("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45", "2026-10-04T02:45", "by half an hour"),
    Row("Pacific/Norfolk", "2026-10-04T02:30", "2026-10-03T15:30", "2026-10-04T03:30", "since 2019"),
    Row("Pacific/Auckland", "2026-09-27T02:30", "2026-09-26T14:30", "2026-09-27T03:30", "from UTC+12"),
    Row("Pacific/Chatham", "2026-09-27T03:00", "2026-09-26T14:15", "2026-09-27T04:00", "02:45 to 03:45"),
    Row("Antarctica/Troll", "2026-03-29T01:30", "2026-03-29T01:30", "2026-03-29T03:30", "by two hours"),
)
# What comes twice goes once, the first time.
OVERLAPS = (
    Row("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30", "", "02:00 to 03:00"),
    Row("Europe/Dublin", "2026-10-25T01:30", "2026-10-25T00:30", "", "its winter time is the exception"),
    Row("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", "", "01:00 to 02:00"),
    Row("America/St_Johns", "2026-11-01T01:30", "2026-11-01T04:00", "", "from UTC−2:30"),
    Row("America/Havana", "2025-11-02T00:30", "2025-11-02T04:30", "", "the first hour of a date comes twice"),
    Row("America/Santiago", "2026-04-04T23:30", "2026-04-05T02:30", "", "the last hour of a date comes twice"),
    Row("America/Asuncion", "2024-03-23T23:30", "2024-03-24T02:30", "", "for the last time"),
    Row("America/Nuuk", "2026-10-24T23:30", "2026-10-25T00:30", "", "the last hour of a date comes twice"),
    Row("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30", "", "the last hour of a date comes twice"),
    Row("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30", "", "Ramadan begins"),
    Row("Asia/Gaza", "2026-10-24T01:30", "2026-10-23T22:30", "", "on a Saturday"),
    Row("Asia/Almaty", "2024-02-29T23:30", "2024-02-29T17:30", "", "it moved from UTC+6 to UTC+5, on a leap day"),
    Row("Asia/Qostanay", "2024-02-29T23:30", "2024-02-29T17:30", "", "as Almaty"),
    Row("Australia/Adelaide", "2026-04-05T02:30", "2026-04-04T16:00", "", "from UTC+10:30"),
    Row("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45", "", "by half an hour"),
    Row("Pacific/Chatham", "2026-04-05T03:00", "2026-04-04T13:15", "", "02:45 to 03:45"),
    Row("Antarctica/Troll", "2026-10-25T01:30", "2026-10-24T23:30", "", "by two hours"),
)
PLAIN = (
    Row("Asia/Almaty", "2026-06-01T09:00", "2026-06-01T04:00", "", "UTC+5 since 2024"),
    Row("America/Asuncion", "2025-04-06T09:00", "2025-04-06T12:00", "", "stayed on summer time for good"),
    Row("America/Mexico_City", "2026-06-15T09:00", "2026-06-15T15:00", "", "no summer time since 2022"),
    Row("America/Sao_Paulo", "2026-01-15T09:00", "2026-01-15T12:00", "", "no summer time since 2019"),
    Row("Asia/Tehran", "2026-06-21T09:00", "2026-06-21T05:30", "", "no summer time since 2022"),
    Row("Asia/Kathmandu", "2026-11-24T09:00", "2026-11-24T03:15", "", "UTC+5:45"),
    Row("Asia/Kolkata", "2026-11-24T09:00", "2026-11-24T03:30", "", "UTC+5:30"),
    Row("Australia/Eucla", "2026-11-24T09:00", "2026-11-24T00:15", "", "UTC+8:45"),
    Row("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30", "", "the minute after the gap"),
    Row("Pacific/Apia", "2026-01-15T09:00", "2026-01-14T20:00", "", "west of the date line until 2011"),
    Row("Pacific/Kiritimati", "2026-11-24T09:00", "2026-11-23T19:00", "", "the first on earth"),
    Row("Pacific/Marquesas", "2026-11-24T09:00", "2026-11-24T18:30", "", "UTC−9:30"),
    Row("Pacific/Pago_Pago", "2026-11-24T09:00", "2026-11-24T20:00", "", "25 hours after Kiritimati"),
)
ROWS = (*GAPS, *OVERLAPS, *PLAIN)
