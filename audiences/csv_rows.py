"""CSV as it comes: compressed or not, any common delimiter, and one bad line never takes another with it.

A stream of bytes becomes `Row`s and `BadRow`s in constant memory. No Django in here.
"""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

GZIP = b"\x1f\x8b"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t")
WHITESPACE = "whitespace"
# A quoted field may hold line ends, but a quote that nobody closed must not swallow the rest of the file.
LONGEST_RECORD = 131_072
MOST_LINES = 1_000


class FileProblem(ValueError):
    """The file as a whole cannot be read; a sentence that says what to do."""


@dataclass(frozen=True)
class Row:
    """The fields of one record, as many as there are columns. `line` is where it begins, the first line being 1."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class BadRow:
    """A line that was not read, and why. Never holds what stood in it."""

    line: int
    reason: str


def decompressed(file: BinaryIO) -> BinaryIO:
    """The bytes themselves, whether the file is gzip or not, told by its first two bytes. Needs a seekable file."""
    start = file.read(2)
    file.seek(0)
    return gzip.open(file) if start == GZIP else file  # type: ignore[return-value]


def count_lines(file: BinaryIO) -> int:
    """How many lines there are, decompressed; raises `FileProblem` for broken gzip."""
    stream, lines, last = decompressed(file), 0, b"\n"
    while chunk := _read(stream):
        lines += chunk.count(b"\n")
        last = chunk[-1:]
    file.seek(0)
    return lines + (last != b"\n")


def _read(stream: BinaryIO, size: int = 1 << 20) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise FileProblem(f"The file is broken: it cannot be decompressed to its end ({error}).") from error


class Rows:
    """`columns` of a file, and its rows when iterated over.

    `delimiter`: one of `DELIMITERS`, or `WHITESPACE` for fields set apart by any number of blanks; empty to find out.
    `header`: the names of the columns of a file that has no header line.
    """

    def __init__(self, file: BinaryIO, delimiter: str = "", header: Sequence[str] = ()) -> None:
        self._lines = _Lines(decompressed(file))
        first = self._lines.peek()
        if first is None:
            raise FileProblem("The file is empty.")
        self.delimiter = delimiter or _sniffed(first)
        self.columns = list(header) or self._read_header()

    def _read_header(self) -> list[str]:
        row = self._record()
        if not isinstance(row, Row):
            raise FileProblem(f"The header line cannot be read: {row.reason if row else 'there is none'}.")
        columns = [each.strip() for each in row.fields]
        if doubled := next((each for each in columns if columns.count(each) > 1), None):
            raise FileProblem(f"The header has two columns named “{doubled}”. Give each a name of its own.")
        return columns

    def __iter__(self) -> Iterator[Row | BadRow]:
        while (row := self._record(len(self.columns))) is not None:
            yield row

    def _record(self, width: int = 0) -> Row | BadRow | None:
        """The next record; None at the end. `width`: how many fields it must have, 0 for any number."""
        while (line := self._lines.take()) is not None:
            if isinstance(line.text, BadRow):
                return line.text
            if line.text.strip():
                return self._parsed(line.number, line.text, width)
        return None

    def _parsed(self, number: int, text: str, width: int) -> Row | BadRow:
        if self.delimiter == WHITESPACE:
            return _checked(number, text.split(), width)
        ahead: list[_Line] = []
        while True:
            try:
                row = _checked(number, next(csv.reader([text], delimiter=self.delimiter, strict=True)), width)
            except csv.Error as error:
                if str(error) == "unexpected end of data" and (more := self._more(ahead, text)) is not None:
                    text += more
                    continue
                row = BadRow(number, _told(error))
            if isinstance(row, BadRow):
                # What was read on in search of the closing quote is read again, line by line.
                self._lines.put_back(ahead)
            return row

    def _more(self, ahead: "list[_Line]", text: str) -> str | None:
        """The next line of a quoted field, or None where looking further makes no sense."""
        if len(text) > LONGEST_RECORD or len(ahead) >= MOST_LINES or (line := self._lines.take()) is None:
            return None
        ahead.append(line)
        return line.text if isinstance(line.text, str) else None


def _checked(number: int, fields: list[str], width: int) -> Row | BadRow:
    if width and len(fields) != width:
        return BadRow(number, f"has {len(fields)} fields where there are {width} columns")
    return Row(number, fields)


def _told(error: csv.Error) -> str:
    known = {
        "unexpected end of data": "has a quote that is never closed",
        "new-line character seen in unquoted field": "has a bare carriage return in it",
        "field larger than field limit": f"has a field of more than {LONGEST_RECORD} characters",
        "expected after": "has a quote in the middle of a field",
    }
    return next((told for start, told in known.items() if start in str(error)), "is not well-formed CSV")


def _sniffed(first: "_Line") -> str:
    if isinstance(first.text, BadRow):
        raise FileProblem(f"The first line cannot be read: it {first.text.reason}.")
    return max(DELIMITERS, key=first.text.count)


@dataclass(frozen=True)
class _Line:
    number: int
    text: str | BadRow


class _Lines:
    """Physical lines, decoded one by one, with a way to put lines back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back: deque[_Line] = deque()
        self._number = 0

    def take(self) -> _Line | None:
        return self._back.popleft() if self._back else self._next()

    def put_back(self, lines: list[_Line]) -> None:
        self._back.extendleft(reversed(lines))

    def peek(self) -> _Line | None:
        line = self.take()
        if line:
            self.put_back([line])
        return line

    def _next(self) -> _Line | None:
        raw = self._readline()
        if not raw:
            return None
        self._number += 1
        if self._number == 1:
            raw = _without_mark(raw)
        return _Line(self._number, self._decoded(raw))

    def _decoded(self, raw: bytes) -> str | BadRow:
        if len(raw) > LONGEST_RECORD and not raw.endswith(b"\n"):
            self._skip_line()
            return BadRow(self._number, f"is longer than {LONGEST_RECORD} bytes")
        if b"\x00" in raw:
            return BadRow(self._number, "holds a NUL byte")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            return BadRow(self._number, f"is not UTF-8 (at its byte {error.start + 1})")

    def _readline(self) -> bytes:
        try:
            return self._stream.readline(LONGEST_RECORD + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FileProblem(f"The file is broken: it cannot be decompressed to its end ({error}).") from error

    def _skip_line(self) -> None:
        while (raw := self._readline()) and not raw.endswith(b"\n"):
            pass


def _without_mark(raw: bytes) -> bytes:
    if raw.startswith(UTF16):
        raise FileProblem("The file is UTF-16. Save it as UTF-8 (in Excel: “CSV UTF-8”).")
    return raw.removeprefix(BOM)
