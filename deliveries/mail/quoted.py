"""Quoted-printable (RFC 2045, 6.7), in pieces that can be put one after the other."""

from binascii import b2a_qp
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 75  # characters of a line, before the = that says that the line goes on
SOFT = "=\r\n"
# A dot would have to be doubled for SMTP; mailboxes of one file begin a message with "From ".
AWKWARD = (".", "From ")
SUSPECT = ".F"  # what they begin with


@lru_cache(maxsize=4096)
def quoted(text: str) -> str:
    """The text in lines of at most 76 characters. Raises `UnicodeEncodeError`.

    It begins and ends at the start of a line, so that `quoted(a) + quoted(b)` is read as `a + b`. Remembered: a name
    stands in a mail more than once, a town in many, and a paragraph for some in half of them.
    """
    return _quoted_plain(text) if _is_plain(text) else _quoted_any(text)


def all_quoted(texts: Sequence[str]) -> list[str]:
    """Each quoted. They are looked at together: hardly ever is there more to do than to end a line."""
    if not _is_plain("".join(texts)):
        return list(map(quoted, texts))
    return [
        text + SOFT if text and len(text) <= LONGEST and text[0] not in SUSPECT else _quoted_plain(text)
        for text in texts
    ]


def _is_plain(text: str) -> bool:
    """Whether all of it stands for itself, but perhaps at the start of a line."""
    return text.isascii() and text.isprintable() and "=" not in text


def _quoted_plain(text: str) -> str:
    if not text or text[0] in SUSPECT:
        return _quoted_any(text)
    if len(text) <= LONGEST:
        return text + SOFT
    # As long as links are.
    if len(text) <= 2 * LONGEST and text[LONGEST] not in SUSPECT:
        return f"{text[:LONGEST]}=\r\n{text[LONGEST:]}=\r\n"
    return _quoted_any(text)


def _quoted_any(text: str) -> str:
    *lines, last = (text if text.isprintable() else clean(text)).split("\n")
    ended = "".join([f"{_folded(line)}\r\n" for line in lines])
    return f"{ended}{_folded(last)}{SOFT}" if last else ended


def clean(text: str) -> str:
    """NUL is forbidden in mail; other line ends would be counted as text."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def _folded(line: str) -> str:
    """One line without its end."""
    # It folds too, but not with an eye on what the next line begins with.
    text = b2a_qp(line.encode()).replace(b"=\n", b"").decode("ascii")
    lines, begin = "", 0
    while True:
        first = ""
        if text.startswith(AWKWARD, begin):
            first, begin = f"={ord(text[begin]):02X}", begin + 1
        end = begin + LONGEST - len(first)
        if end >= len(text):
            return f"{lines}{first}{text[begin:]}"
        # Never inside of =XX.
        end -= 1 if text[end - 1] == "=" else 2 if text[end - 2] == "=" else 0
        lines += f"{first}{text[begin:end]}{SOFT}"
        begin = end
