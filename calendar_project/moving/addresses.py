"""Where somebody is after a move: on the page that they came from, at the week in which the send stands now."""

from datetime import date

from django.urls import Resolver404, resolve, reverse
from django.utils.encoding import iri_to_uri

from calendar_project.week.months import Month, OneDay
from calendar_project.week.periods import Period
from calendar_project.week.weeks import Week

PERIODS: dict[str, type[Period]] = {
    "calendar:week": Week,
    "calendar:week-of": Week,
    "calendar:list": Week,
    "calendar:month": Month,
    "calendar:day": OneDay,
}


def card_address(send_id: int, day: date, back: str = "") -> str:
    """The address of a card. `back` is a path of this site with its query, and is not believed."""
    path, _, query = back.partition("#")[0].partition("?")
    name = _page_of(path)
    if not name.startswith("calendar:"):
        name, query = "calendar:week-of", ""
    if name in PERIODS:
        path = _page_with(day, name)
    return iri_to_uri(f"{path}{'?' if query else ''}{query}#send-{send_id}")


def _page_with(day: date, name: str) -> str:
    """The page of that name with the day on it. `week` is whatever week it is at the moment, and not this one."""
    name = "calendar:week-of" if name == "calendar:week" else name
    return reverse(name, args=[PERIODS[name].of(day).address])


def _page_of(path: str) -> str:
    """The name of a page; `//elsewhere` and `\\elsewhere`, which a browser reads as hosts, are none."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
