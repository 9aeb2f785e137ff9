"""Time zones by IANA name: which are real, and what to fall back to."""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


class UnknownZone(ValueError):
    """Raised with a sentence that names the zone and what would be accepted."""


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    return name in zone_names()


def validate_zone(name: str) -> None:
    """Raise `UnknownZone` (a `ValueError`) unless `name` is an IANA zone."""
    if not is_zone(name):
        raise UnknownZone(f"“{name}” is not a time zone. Use an IANA name such as Europe/Berlin or UTC.")


@lru_cache(maxsize=1024)
def zone_or(name: str, fallback: str) -> ZoneInfo:
    """The named zone, or the fallback where the name is empty or unknown."""
    return ZoneInfo(name if name and is_zone(name) else fallback)
