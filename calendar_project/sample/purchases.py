"""The real purchases of the sample, moved forward by whole days so that the last one was yesterday."""

import csv
import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

FILE = Path(__file__).parent / "data" / "purchases.csv.gz"
LAST_DAY = date(1998, 6, 30)
# The file knows days alone; the hours are made up, between eight in the morning and eleven at night.
FIRST_HOUR, LAST_HOUR = 8, 23
SEED = 1998


@dataclass(frozen=True)
class Purchase:
    """One order. `number` counts a customer's own; `at` is an aware UTC instant; `dollars` may be 0."""

    customer: str
    number: int
    at: datetime
    cds: int
    dollars: Decimal


def purchases(today: date, zone: ZoneInfo) -> Iterator[Purchase]:
    """All of them in the order of the file: by customer, then by day. The last is of the day before `today`."""
    moved = today - timedelta(days=1) - LAST_DAY
    chance = random.Random(SEED)
    numbers: dict[str, int] = {}
    with gzip.open(FILE, "rt", newline="") as file:
        for row in csv.DictReader(file):
            customer = row["customer"]
            numbers[customer] = numbers.get(customer, 0) + 1
            second = chance.randrange(FIRST_HOUR * 3600, LAST_HOUR * 3600)
            at = _moment(date.fromisoformat(row["day"]) + moved, second, zone)
            yield Purchase(customer, numbers[customer], at, int(row["cds"]), Decimal(row["dollars"]))


def _moment(day: date, second: int, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, time(second // 3600, second // 60 % 60, second % 60), tzinfo=zone)
    return wall.astimezone(UTC)
