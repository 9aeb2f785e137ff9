"""Quoted-printable (RFC 2045, 6.7), in pieces that can be put one after the other."""

from binascii import b2a_qp

LONGEST = 75  # characters of a line, before the = that says that the line goes on
SOFT = "=\r\n"
# A dot would have to be doubled for SMTP; mailboxes of one file begin a message with "From ".
AWKWARD = (".", "From ")


def quoted(text: str) -> str:
    """The text in lines of at most 76 characters. Raises `UnicodeEncodeError`.

    It begins and ends at the start of a line, so that `quoted(a) + quoted(b)` is read as `a + b`.
    """
    if text.isascii() and text.isprintable() and "=" not in text and not text.startswith(AWKWARD):
        if len(text) <= LONGEST:
            return text + SOFT if text else ""
        if len(text) <= 2 * LONGEST and not text.startswith(AWKWARD, LONGEST):
            return f"{text[:LONGEST]}=\r\n{text[LONGEST:]}=\r\n"
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
