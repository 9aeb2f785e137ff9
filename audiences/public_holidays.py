"""Public holidays of countries and their parts, by code (`US`, `DE-BY`): which there are, and what they are called."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays
from holidays.registry import COUNTRIES

MOST = 20
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SMALL = {"And", "Of", "The"}


class UnknownPlace(ValueError):
    """Raised with a sentence that names the code and what would be accepted."""


@dataclass(frozen=True)
class PublicHoliday:
    """One holiday on one day, with the codes of all the chosen places that have it."""

    day: date
    name: str
    places: tuple[str, ...]


@lru_cache(maxsize=1)
def places() -> dict[str, str]:
    """Code → name, of every country and every part of one that has holidays of its own, by name."""
    named: dict[str, str] = {}
    parts_of = holidays.list_supported_countries(include_aliases=False)
    for country, name in sorted(_countries().items(), key=lambda each: each[1]):
        named[country] = name
        names = _part_names(country) if parts_of.get(country) else {}
        named |= {f"{country}-{part}": f"{name}: {names.get(part, part)}" for part in parts_of.get(country, [])}
    return named


def check_places(codes: Sequence[str]) -> None:
    """Raise `UnknownPlace` (a `ValueError`) unless each is a code of `places` and there are not too many."""
    if len(codes) > MOST:
        raise UnknownPlace(f"Choose at most {MOST} countries and parts of countries; {len(codes)} are chosen.")
    unknown = [code for code in codes if code not in places()]
    if unknown:
        raise UnknownPlace(f"No holidays are known of “{unknown[0]}”. Use a code such as US, DE or DE-BY.")


def holidays_between(codes: Iterable[str], first: date, last: date) -> list[PublicHoliday]:
    """From the first day to the last, in order. One that several places share is one; an unknown code has none."""
    found: dict[tuple[date, str], list[str]] = {}
    for code in codes:
        for year in range(first.year, last.year + 1):
            for day, name in _of_year(code, year):
                if first <= day <= last:
                    found.setdefault((day, name), []).append(code)
    return [PublicHoliday(day, name, tuple(codes)) for (day, name), codes in sorted(found.items())]


@lru_cache(maxsize=256)
def _of_year(code: str, year: int) -> tuple[tuple[date, str], ...]:
    country, _, part = code.partition("-")
    try:
        known = holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US")
    except NotImplementedError:
        # A later release of the package may know a part by another code.
        return ()
    return tuple((day, name) for day in sorted(known) for name in known.get_list(day))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Code → name: the package has names as those of its classes alone."""
    return {codes[1]: _spaced(codes[0]) for codes in COUNTRIES.values()}


def _spaced(name: str) -> str:
    """`BosniaAndHerzegovina` → `Bosnia and Herzegovina`."""
    return " ".join(word.lower() if word in SMALL else word for word in WORDS.sub(" ", name).split())


def _part_names(country: str) -> dict[str, str]:
    """The parts of a country by code; one without an entry is called by its code."""
    aliases: dict[str, str] = getattr(holidays.country_holidays(country), "subdivisions_aliases", {})
    return {code: name for name, code in reversed(aliases.items())}
