"""The text of one part: its pieces encoded once, the values between them for each mail."""

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from typing import Protocol

from .quoted import all_quoted, clean, quoted

TRIPLE = 3  # bytes that make four characters of base64
ROW = 57  # bytes that make a line of 76


class Body(Protocol):
    """A part's text. `encoding` is its Content-Transfer-Encoding; `fill` ends with the end of a line."""

    encoding: str

    def fill(self, values: Sequence[str]) -> str: ...


class Part:
    """A part: its headers, an empty line, its text."""

    def __init__(self, kind: str, pieces: Sequence[str]) -> None:
        self._body = body_of(pieces)
        self._head = (
            f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {self._body.encoding}\r\n\r\n'
        )

    def fill(self, values: Sequence[str]) -> str:
        return self._head + self._body.fill(values)


def body_of(pieces: Sequence[str]) -> Body:
    """Quoted-printable for what is mostly ASCII, base64 for the rest: whichever is shorter."""
    pieces = [clean(piece) for piece in pieces]
    text = "".join(pieces)
    is_mostly_ascii = sum(not character.isascii() for character in text) * 6 < len(text) + 60
    return QuotedBody(pieces) if is_mostly_ascii else Base64Body(pieces)


def joined(pieces: Sequence[str], values: Sequence[str]) -> str:
    """The text that is meant: a piece, a value, a piece, ..."""
    chunks = [""] * (2 * len(pieces) - 1)
    chunks[::2], chunks[1::2] = pieces, values
    return "".join(chunks)


class QuotedBody:
    """Each piece and each value has lines of its own."""

    encoding = "quoted-printable"

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = _with_last_line_end(pieces)
        self._chunks = [chunk for piece in self._pieces for chunk in (quoted(piece), "")][:-1]

    def fill(self, values: Sequence[str]) -> str:
        chunks = self._chunks.copy()
        chunks[1::2] = all_quoted(values)
        if not self._pieces[-1] and _lacks_line_end(self._pieces, values):
            chunks.append("\r\n")
        return "".join(chunks)


class Base64Body:
    """Three bytes are four characters, so that a piece is encoded from its first whole triple on, for each of the
    three ways in which what comes before it can end."""

    encoding = "base64"

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = _with_last_line_end(pieces)
        self._cuts = [_cuts(piece.encode()) for piece in self._pieces]

    def fill(self, values: Sequence[str]) -> str:
        end = "\n" if not self._pieces[-1] and _lacks_line_end(self._pieces, values) else ""
        chunks, waiting = [], b""
        for cuts, value in zip(self._cuts, [*values, end], strict=True):
            head, middle, tail = cuts[-len(waiting) % TRIPLE]
            chunks += [_rows(waiting + head), middle] if middle else []
            waiting = (tail if middle else waiting + head + tail) + clean(value).encode()
        return "".join([*chunks, _rows(waiting)])


def _cuts(data: bytes) -> list[tuple[bytes, str, bytes]]:
    """For 0, 1 and 2 bytes that what comes before lacks: those bytes, the whole triples encoded, what is left."""
    cuts = []
    for lacking in range(TRIPLE):
        end = len(data) - (len(data) - lacking) % TRIPLE if len(data) > lacking else lacking
        cuts.append((data[:lacking], _rows(data[lacking:end]), data[end:]))
    return cuts


def _rows(data: bytes) -> str:
    rows: Iterable[bytes] = (data[begin : begin + ROW] for begin in range(0, len(data), ROW))
    return "".join([f"{b2a_base64(row, newline=False).decode('ascii')}\r\n" for row in rows])


def _with_last_line_end(pieces: Sequence[str]) -> Sequence[str]:
    """A text ends with the end of a line. Where it ends with a value, only the value can tell."""
    *others, last = pieces
    return [*others, f"{last}\n"] if last and not last.endswith("\n") else pieces


def _lacks_line_end(pieces: Sequence[str], values: Sequence[str]) -> bool:
    text = clean(joined(pieces, values))
    return bool(text) and not text.endswith("\n")
