"""What comes in from outside, as plain rows, and what is wrong with it in sentences. No Django in here."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .zones import UnknownZone, validate_zone

LARGEST_INTEGER = 2**53  # what JSON, SQLite and PostgreSQL all hold exactly
DEEPEST = 10
LONGEST_TEXT = 10_000
MOST_KEYS = 200
LENGTHS = {"external_id": 200, "email": 320, "name": 200, "timezone": 64, "locale": 20}
LARGEST_VALUE = Decimal(10) ** 12


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: the field (“attributes.plan”) and a sentence."""

    field: str
    message: str


@dataclass(frozen=True)
class Refused:
    """A row that was not taken, by its position among those given."""

    index: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class CustomerRow:
    """A customer as given. None: not given, and left as it is. In `attributes` a None value removes that attribute."""

    external_id: str
    email: str | None = None
    name: str | None = None
    timezone: str | None = None
    locale: str | None = None
    attributes: Mapping[str, Any] | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class EventRow:
    """An event as given. `customer` is the external id; `occurred_at` is aware; `value` has at most two decimals."""

    customer: str
    name: str
    occurred_at: datetime
    idempotency_key: str
    value: Decimal | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def customer_problems(row: CustomerRow) -> list[Problem]:
    found = [*_id_problems("external_id", row.external_id), *_zone_problems(row.timezone)]
    for name in ("email", "name", "timezone", "locale"):
        found += _text_problems(name, getattr(row, name) or "", LENGTHS[name])
    if row.email and not is_address(row.email):
        found.append(Problem("email", "is not an e-mail address."))
    if row.created_at:
        found += _moment_problems("created_at", row.created_at)
    return found + list(_object_problems("attributes", row.attributes or {}))


def event_problems(row: EventRow) -> list[Problem]:
    found = _id_problems("customer", row.customer)
    found += _id_problems("name", row.name, longest=100)
    found += _id_problems("idempotency_key", row.idempotency_key)
    found += _moment_problems("occurred_at", row.occurred_at)
    if row.value is not None and not _is_money(row.value):
        found.append(Problem("value", "must be a number below a million million, with at most two decimals."))
    return found + list(_object_problems("properties", row.properties))


def is_address(email: str) -> bool:
    """One @ with something on both sides, and nothing that could break out of a header."""
    name, _, domain = email.partition("@")
    if not name or not domain or "@" in domain:
        return False
    return all(letter.isprintable() and not letter.isspace() and letter not in '<>,;"()' for letter in email)


def _id_problems(name: str, value: str, longest: int = 200) -> list[Problem]:
    if not value or value != value.strip():
        return [Problem(name, "must be given, without spaces around it.")]
    if name in ("external_id", "customer") and value.startswith("erased-"):
        return [Problem(name, "must not begin with “erased-”, which marks erased customers.")]
    return _text_problems(name, value, longest)


def _text_problems(name: str, value: str, longest: int) -> list[Problem]:
    if len(value) > longest:
        return [Problem(name, f"is longer than {longest} characters.")]
    if any(letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in value):
        return [Problem(name, "holds a control character or half a surrogate pair.")]
    return []


def _zone_problems(zone: str | None) -> list[Problem]:
    try:
        validate_zone(zone or "UTC")
    except UnknownZone as error:
        return [Problem("timezone", str(error))]
    return []


def _moment_problems(name: str, moment: datetime) -> list[Problem]:
    if moment.tzinfo is None:
        return [Problem(name, "needs its offset from UTC, such as “2026-01-31T09:00:00+01:00” or “…Z”.")]
    if not 1900 <= moment.year <= 9000:
        return [Problem(name, "must lie between the years 1900 and 9000.")]
    return []


def _is_money(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and abs(value) < LARGEST_VALUE and value == value.quantize(Decimal("0.01"))


def _object_problems(name: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    if len(value) > MOST_KEYS:
        yield Problem(name, f"has more than {MOST_KEYS} names.")
        return
    for key, each in value.items():
        path = f"{name}.{key[:100]}"
        if not 0 < len(key) <= 100 or any(letter in '"\\' or not letter.isprintable() for letter in key):
            yield Problem(path, "is not a name: at most 100 characters, without quotes, backslashes and line ends.")
        else:
            yield from _json_problems(path, each, DEEPEST)


def _json_problems(path: str, value: Any, deeper: int) -> Iterator[Problem]:
    if sentence := _scalar_problem(value):
        yield Problem(path, sentence)
    elif isinstance(value, Mapping | list | tuple):
        if deeper == 0:
            yield Problem(path, f"is nested more than {DEEPEST} deep.")
            return
        inner = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
        for each in inner:
            yield from _json_problems(path, each, deeper - 1)


def _scalar_problem(value: Any) -> str:
    if isinstance(value, str):
        return _json_text_problem(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number."
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return f"must lie between -{LARGEST_INTEGER} and {LARGEST_INTEGER}; give longer numbers as text."
    if not isinstance(value, str | int | float | bool | Mapping | list | tuple | None):
        return "must be text, a number, true, false, null, a list or an object."
    return ""


def _json_text_problem(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters."
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return "holds a NUL or half a surrogate pair."
    return ""
