"""The lines above the text: subject, date, and those that machines read letter by letter."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from .words import LINE, CannotCompose, folded, one_line

HEADERS = frozenset({"Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To", "X-Almanac-Delivery"})
LONGEST = 900  # characters of a value that is written as it is; a line ends at 998
SUBJECT = "Subject: "


def subject_line(text: str) -> str:
    """The header with its line end; nothing for a subject that says nothing."""
    text = one_line(text)
    return f"{SUBJECT}{folded(text, LINE - len(SUBJECT))}\r\n" if text else ""


@lru_cache(maxsize=2)
def date_line(second: int) -> str:
    """The header for a moment, in seconds since 1970: many mails share one."""
    return f"Date: {format_datetime(datetime.fromtimestamp(second, UTC))}\r\n"


def verbatim_lines(headers: Mapping[str, str]) -> str:
    """Headers that are not folded: whoever reads them wants the address or the id in one piece. `CannotCompose`."""
    lines = ""
    for name, value in headers.items():
        if name not in HEADERS:
            raise CannotCompose(f"the header {one_line(name)} is not allowed")
        if not (value.isascii() and value.isprintable() and len(value) <= LONGEST):
            raise CannotCompose(f"the header {name} holds a line break or another character that it must not hold")
        lines += f"{name}: {value}\r\n"
    return lines
