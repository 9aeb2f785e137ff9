"""Who the customers of the sample are: all of it made up from a fixed seed, addresses at example.com alone."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SEED = 1997
FIRST_NAMES = """
Ada Aisha Alma Amir Anders Anneke Astrid Beatriz Ben Camille Carlos Chloe Clara Dalia Daniel David Eleni Elif Emeka
Emil Esther Farid Fatima Felix Fiona Freya Gabriel Greta Hana Hannah Hugo Ida Ines Ingrid Isaac Ivan Jamal Jana Joao
Jonas Julia Kaito Karin Kofi Lars Laura Leila Leon Lina Lorenzo Lucia Lukas Maeve Marta Mateo Maya Mei Milan Mina
Moritz Nadia Naomi Nia Nils Noor Olga Oscar Otto Paula Pedro Priya Rania Ravi Rosa Ruben Ruth Samir Sara Selma Simon
Sofia Stefan Tariq Theo Tilda Tomas Uma Vera Victor Wanda Yara Yusuf Zadie Zoe
""".split()
LAST_NAMES = """
Abbott Adeyemi Albrecht Almeida Andersen Aoki Baker Bauer Becker Bianchi Brandt Byrne Campbell Carvalho Castillo Chen
Costa Danso Diaz Doyle Dubois Eriksen Fabbri Fischer Fontaine Fraser Gallo Garcia Gruber Haddad Hansen Hoffmann Huber
Ibrahim Ito Jansen Jensen Kaur Keller Khan Kim Klein Kovacs Kramer Lang Larsen Lindgren Lopez Marino Martin Mendes
Meyer Moreau Moser Murphy Nakamura Novak Nwosu Okafor Olsen Ortega Palmer Park Patel Pereira Petit Popov Quinn Rao
Reed Ricci Romero Rossi Sato Schmidt Shah Silva Sommer Steiner Suzuki Tanaka Turner Vogel Wagner Walsh Weber Winter
Wolf Wood Yilmaz Young Ziegler
""".split()
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
