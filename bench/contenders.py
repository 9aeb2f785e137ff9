"""Who is measured: the rows of the table, and beside them post-office as it may also be used."""

from collections.abc import Sequence
from importlib.util import find_spec

from bench.almanac.contender import Almanac
from bench.peers.contenders import AUTH, Peer, TaskEach
from bench.runners import Contender

POST_OFFICE = "django-post-office"
_POST_OFFICE = ("post_office", f"{AUTH} post_office", "PostgreSQL")

ROWS: list[Contender] = [
    Almanac("PostgreSQL", 1),
    Almanac("PostgreSQL", 2),
    Almanac("PostgreSQL", 1, "Almanac, a pool of one", pool=1),
    Almanac("SQLite", 1),
    Almanac("SQLite", 2),
    Peer(POST_OFFICE, *_POST_OFFICE, 1),
    Peer(POST_OFFICE, *_POST_OFFICE, 2),
    Peer("django-mailer", "mailer", "mailer", "PostgreSQL", 1),
    Peer("Django's send_messages", "send_messages", "", "none", 1),
    TaskEach(1),
]
BESIDE: list[Contender] = [
    Peer(f"{POST_OFFICE}, its default settings", *_POST_OFFICE, 1, "defaults"),
    Peer(f"{POST_OFFICE}, its default settings", *_POST_OFFICE, 2, "defaults"),
    Peer(f"{POST_OFFICE}, rendered while queueing", *_POST_OFFICE, 1, "rendered"),
    Peer(f"{POST_OFFICE}, rendered while queueing", *_POST_OFFICE, 2, "rendered"),
]


def installed(contenders: Sequence[Contender]) -> list[Contender]:
    """Those whose packages are there."""
    missing = {name for name in ("post_office", "mailer") if find_spec(name) is None}
    return [each for each in contenders if getattr(each, "module", "") not in missing]
