"""Fader and Hardie's CDNOW purchases as files for the importers, moved by days so that the last was yesterday."""

import csv
import gzip
import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from calendar_project.sample.people import people
from calendar_project.sample.purchases import LAST_DAY

SEED = 69659
CUSTOMER_COLUMNS = ["external_id", "email", "name", "timezone", "locale", "first_name", "country", "plan", "taste"]
EVENT_COLUMNS = ["external_id", "event", "occurred_at", "value", "cds"]


def write_files(source: Path, folder: Path, now: datetime) -> tuple[Path, Path]:
    """The customers' and the events' file. `source`: rows of customer, day, CDs, dollars; gzip or not.

    Who the customers are is made up from a fixed seed, as in the sample workspace; so are the hours of the day.
    """
    customers, events = folder / "customers.csv", folder / "events.csv"
    numbers = dict.fromkeys(number for number, *_ in _rows(source))
    with customers.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(CUSTOMER_COLUMNS)
        for person in people(numbers):
            attributes = [person.attributes[name] for name in CUSTOMER_COLUMNS[5:]]
            writer.writerow(
                [person.external_id, person.email, person.name, person.timezone, person.locale, *attributes]
            )
    with events.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(EVENT_COLUMNS)
        writer.writerows(_events(source, now))
    return customers, events


def _rows(source: Path) -> Iterator[list[str]]:
    packed = source.open("rb").read(2) == b"\x1f\x8b"
    with gzip.open(source, "rt") if packed else source.open() as file:
        for line in file:
            fields = line.replace(",", " ").replace("-", "").split()
            if fields and fields[0].isdigit():
                yield fields


def _events(source: Path, now: datetime) -> Iterator[list[str]]:
    moved = now.date() - timedelta(days=1) - LAST_DAY
    chance = random.Random(SEED)
    for customer, day, cds, dollars in _rows(source):
        moment = datetime.combine(datetime.strptime(day, "%Y%m%d").date() + moved, time(), UTC)  # noqa: DTZ007 - a day
        second = timedelta(seconds=chance.randrange(24 * 3600))
        yield [f"LP-{customer}", "ordered", (moment + second).isoformat(), dollars, cds]
