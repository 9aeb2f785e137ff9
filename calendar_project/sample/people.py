"""Who the customers of the sample are: all of it made up from a fixed seed, addresses at example.com alone."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
SEED = 1997
FIRST_NAMES = (DATA / "first_names.txt").read_text().split()
LAST_NAMES = (DATA / "last_names.txt").read_text().split()
# Country, locale, zone and how common it is.
PLACES = [
    ("US", "en-US", "America/New_York", 24),
    ("US", "en-US", "America/Chicago", 9),
    ("US", "en-US", "America/Los_Angeles", 13),
    ("GB", "en-GB", "Europe/London", 16),
    ("DE", "de-DE", "Europe/Berlin", 15),
    ("AT", "de-AT", "Europe/Vienna", 4),
    ("CH", "de-CH", "Europe/Zurich", 3),
    ("FR", "fr-FR", "Europe/Paris", 6),
    ("NL", "nl-NL", "Europe/Amsterdam", 4),
    ("JP", "ja-JP", "Asia/Tokyo", 3),
    ("AU", "en-AU", "Australia/Sydney", 2),
    ("GB", "en-GB", "", 1),  # said no zone: the workspace's counts
]
PLANS = [("listener", 78), ("club", 18), ("shop", 4)]
TASTES = ["jazz", "soul", "indie", "classical", "hip-hop", "folk", "electronic", "rock"]


@dataclass(frozen=True)
class Person:
    """One made-up customer; `number` is the customer's number in the purchases, of five digits."""

    number: str
    name: str
    email: str
    timezone: str
    locale: str
    attributes: dict[str, str]

    @property
    def external_id(self) -> str:
        return external_id(self.number)


def external_id(number: str) -> str:
    return f"LP-{number}"


def people(numbers: Iterable[str]) -> Iterator[Person]:
    """One person for every number, the same on every run."""
    chance = random.Random(SEED)
    for number in numbers:
        yield _person(number, chance)


def _person(number: str, chance: random.Random) -> Person:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    country, locale, zone, _ = chance.choices(PLACES, [share for *_, share in PLACES])[0]
    plan = chance.choices([plan for plan, _ in PLANS], [share for _, share in PLANS])[0]
    taste = chance.choice(TASTES)
    # One in eighty gave no address: only the shop's own pages reach them.
    email = f"{first}.{last}.{int(number)}@example.com".lower() if chance.random() > 1 / 80 else ""
    attributes = {"first_name": first, "country": country, "plan": plan, "taste": taste}
    return Person(number, f"{first} {last}", email, zone, locale, attributes)
