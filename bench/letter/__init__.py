"""The mail that everybody sends: one newsletter, to made-up recipients who are the same on every run.

Liquid and Django's templates read these three texts alike, so every contender renders the very same source.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

SEED = 1962
SENDER = "Longplayer Records <letters@example.com>"
SUBJECT = "{{ customer.name }}, your month at Longplayer in {{ customer.attributes.city }}"
TEXT = (Path(__file__).parent / "letter.txt").read_text()
HTML = (Path(__file__).parent / "letter.html").read_text()

FIRST = ["Ada", "Jörg", "Maja", "Ibrahim", "Chloé", "Tom", "Siân", "Yuki", "Luís", "Nora", "Zoë", "Ben", "Ewa", "Karim"]
LAST = ["Almond", "Müller", "Okafor", "Lindqvist", "Novák", "García", "Tanaka", "de Vries", "Moreau"]
CITIES = ["Bristol", "Köln", "Malmö", "Lyon", "Kraków", "Porto", "Utrecht", "Zürich", "Leeds", "Graz"]
PLANS = ["listener", "listener", "listener", "club"]
TASTES = ["jazz", "soul", "folk", "electronic", "classical"]
ADVISERS = ["Ruth", "Håkan", "Petra", "Samuel"]
FOUNDED = date(1998, 3, 1)


@dataclass(frozen=True)
class Recipient:
    """One person of the run; `number` makes their address, and the link that stops the letter."""

    number: int
    name: str
    attributes: dict[str, str]

    @property
    def email(self) -> str:
        return f"reader{self.number}@example.net"

    @property
    def unsubscribe(self) -> str:
        """As long as a signed link is; ready-made, so that signing costs nobody but Almanac anything."""
        return f"https://almanac.example.com/u/{self.number:08d}-{'k3Zr8vQp1xLw6TnB' * 3}/"

    @property
    def headers(self) -> dict[str, str]:
        """What every bulk mail carries (RFC 8058)."""
        return {
            "List-Unsubscribe": f"<{self.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    @property
    def context(self) -> dict[str, Any]:
        return {
            "customer": {"name": self.name, "attributes": self.attributes},
            "links": {"unsubscribe": self.unsubscribe},
        }


def recipients(first: int, count: int) -> Iterator[Recipient]:
    """Those with the numbers from `first` on; everybody is the same on every run and every machine."""
    for number in range(first, first + count):
        chance = random.Random(SEED * 1_000_003 + number)
        yield Recipient(number, f"{chance.choice(FIRST)} {chance.choice(LAST)}", _attributes(chance))


def _attributes(chance: random.Random) -> dict[str, str]:
    return {
        "plan": chance.choice(PLANS),
        "city": chance.choice(CITIES),
        "taste": chance.choice(TASTES),
        "adviser": chance.choice(ADVISERS),
        "bought": str(chance.randrange(1, 200)),
        "points": str(chance.randrange(0, 9000)),
        "since": f"{FOUNDED + timedelta(days=chance.randrange(9000)):%B %Y}",
    }
