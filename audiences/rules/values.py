"""The values that a rule may hold, each read strictly: a number is a number, a date is a date."""

import math
from datetime import date, datetime

from .grammar import Moment, RuleError, Scalar

# The integers that JSON, SQLite, PostgreSQL and every client agree on.
LARGEST_NUMBER = 2**53
LONGEST_TEXT = 500
MOST_DAYS = 36_500
MOST_CHOICES = 1_000
MOST_TIMES = 1_000_000


def text(path: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise RuleError(path, "must be text that is not empty.")
    return _clean(path, value)


def _clean(path: str, value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise RuleError(path, f"is longer than {LONGEST_TEXT} characters.")
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise RuleError(path, "holds a character that cannot be stored (NUL or half a surrogate pair). Leave it out.")
    return value


def number(path: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RuleError(path, "must be a number, without quotes.")
    if isinstance(value, float) and not math.isfinite(value):
        raise RuleError(path, "must be a finite number.")
    if abs(value) > LARGEST_NUMBER:
        raise RuleError(path, f"must lie between -{LARGEST_NUMBER} and {LARGEST_NUMBER}.")
    return value


def whole(path: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise RuleError(path, f"must be a whole number from 1 to {most}, without quotes.")
    return value


def days(path: str, value: object) -> int:
    return whole(path, value, MOST_DAYS)


def truth(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleError(path, "must be true or false.")
    return value


def scalar(path: str, value: object) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _clean(path, value)
    if isinstance(value, int | float):
        return number(path, value)
    raise RuleError(path, "must be text, a number, true or false. To ask whether it is there at all use “exists”.")


def ordered(path: str, value: object) -> Scalar:
    """What has a before and an after: a number or text, not true or false."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RuleError(path, "must be a number or text.")
    return scalar(path, value)


def choices(path: str, value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not value:
        raise RuleError(path, "must be a list of at least one value, such as [“DE”, “AT”].")
    if len(value) > MOST_CHOICES:
        raise RuleError(path, f"holds more than {MOST_CHOICES} values. Make a segment by list and use that.")
    return tuple(scalar(f"{path}[{index}]", each) for index, each in enumerate(value))


def moment(path: str, value: object) -> Moment:
    """A date “2026-01-31”, or a moment with its offset “2026-01-31T09:00:00+01:00”, in the years 1900 to 9000."""
    try:
        read = _read_moment(text(path, value))
    except (ValueError, OverflowError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError(
            path, "must be a date such as “2026-01-31”, or a moment with offset, “2026-01-31T09:00:00Z”."
        ) from error
    if not 1900 <= read.year <= 9000:
        raise RuleError(path, "must be a date between the years 1900 and 9000.")
    return read


def _read_moment(value: str) -> Moment:
    if len(value) == len("2026-01-31"):
        return date.fromisoformat(value)
    read = datetime.fromisoformat(value)
    if read.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return read
