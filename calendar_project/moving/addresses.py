"""Where somebody is after a move: on the page that they came from, at the week in which the send stands now."""

from datetime import date

from django.urls import Resolver404, resolve, reverse
from django.utils.encoding import iri_to_uri

from calendar_project.week.weeks import Week

WEEKS = ("calendar:week", "calendar:week-of")


def card_address(send_id: int, day: date, back: str = "") -> str:
    """The address of a card. `back` is a path of this site with its query, and is not believed."""
    path, _, query = back.partition("#")[0].partition("?")
    if not _is_ours(path):
        path = _week_of(day)
        query = ""
    elif resolve(path).view_name in WEEKS:
        path = _week_of(day)
    return iri_to_uri(f"{path}{'?' if query else ''}{query}#send-{send_id}")


def _week_of(day: date) -> str:
    return reverse("calendar:week-of", args=[Week.of(day).address])


def _is_ours(path: str) -> bool:
    """A page of the calendar; `//elsewhere` and `\\elsewhere`, which a browser reads as hosts, resolve to nothing."""
    try:
        return resolve(path).view_name.startswith("calendar:")
    except Resolver404:
        return False
