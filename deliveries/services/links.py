"""The absolute addresses that a message may hold, each with a token of its own: signed where a template uses them."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse

from deliveries import tokens
from deliveries.queries.due import DueRow

PLACE = "TOKEN"


def _unsubscribe(row: DueRow) -> str:
    token = tokens.unsubscribe_token(row.customer_id, row.topic_id, row.channel)
    # The name of a channel may be any; the rest of a token can stand in an address as it is.
    return token if row.channel.isalpha() and row.channel.isascii() else quote(token, safe="")


#: By the name that templates use: the page, and the token that is part of its address.
LINKS: dict[str, tuple[str, Callable[[DueRow], str]]] = {
    "unsubscribe": ("unsubscribe", _unsubscribe),
    "preferences": ("preferences", lambda row: tokens.preferences_token(row.customer_id)),
    "view": ("view_message", lambda row: tokens.view_token(row.id)),
}


def links_for(row: DueRow, names: Iterable[str]) -> dict[str, str]:
    """The address of each."""
    links = {}
    for name in names:
        page, token = LINKS[name]
        before, after = _around(page)
        links[name] = f"{before}{token(row)}{after}"
    return links


def links_used(paths: Iterable[Sequence[object]]) -> set[str]:
    """The names in templates that use these paths; all of them where one is only known when it is rendered."""
    of_links = [path[1:] for path in paths if path[0] == "links"]
    names = {str(path[0]) if path else "" for path in of_links}
    return names if names <= LINKS.keys() else set(LINKS)


@cache
def _around(page: str) -> tuple[str, str]:
    """What stands before and after a token in the address of the page."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    base = settings.BASE_URL if host.isascii() else settings.BASE_URL.replace(host, host.encode("idna").decode())
    before, _, after = reverse(page, args=[PLACE]).rpartition(PLACE)
    return base + before, after
