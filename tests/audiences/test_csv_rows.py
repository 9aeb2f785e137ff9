import gzip
import io
import tracemalloc
from typing import Any

import pytest

from audiences.csv_rows import BadRow, FileProblem, Row, Rows


def read(data: bytes, **options: Any) -> list[tuple[int, Any]]:
    return [(row.line, row.fields if isinstance(row, Row) else row.reason) for row in Rows(io.BytesIO(data), **options)]


GOOD = [(2, ["1", "2"])]


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,2\n",
        b"a,b\r\n1,2\r\n",
        b"a,b\n1,2",
        b"a;b\n1;2\n",
        b"a\tb\n1\t2\n",
        b"\xef\xbb\xbfa,b\n1,2\n",
        b'"a","b"\n"1","2"\n',
        b"a,b\n1,2\n\n  \n",
        gzip.compress(b"a,b\n1,2\n", mtime=0),
    ],
)
def test_the_usual_forms_are_read_alike(data: bytes) -> None:
    assert Rows(io.BytesIO(data)).columns == ["a", "b"]
    assert read(data) == GOOD


def test_any_blanks_set_fields_apart_where_asked() -> None:
    assert read(b"  a   b \r\n 1\t 2  \r\n", delimiter="whitespace") == GOOD


def test_a_file_without_a_header_line_is_given_one() -> None:
    assert read(b"1,2\n", header=["a", "b"]) == [(1, ["1", "2"])]


def test_a_quoted_field_may_hold_line_ends_and_delimiters() -> None:
    assert read(b'a,b\n"x\ny, ""z""",2\n3,4\n') == [(2, ['x\ny, "z"', "2"]), (4, ["3", "4"])]


BAD = [
    (b"1,\xff", "is not UTF-8 (at its byte 3)"),
    (b"1,\x00", "holds a NUL byte"),
    (b'1,"2', "has a quote that is never closed"),
    (b'"1" x,2', "has a quote in the middle of a field"),
    (b"1,2,3", "has 3 fields where there are 2 columns"),
    (b"1", "has 1 fields where there are 2 columns"),
    (b"1\r,2", "has a bare carriage return in it"),
    (b"1," + b"x" * 200_000, "is longer than 131072 bytes"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_line_is_refused_and_the_rest_goes_on(line: bytes, reason: str) -> None:
    assert read(b"a,b\n0,0\n" + line + b"\n5,6\n7,8\n") == [
        (2, ["0", "0"]),
        (3, reason),
        (4, ["5", "6"]),
        (5, ["7", "8"]),
    ]


def test_an_unclosed_quote_before_quoted_lines_takes_none_of_them_with_it() -> None:
    assert read(b'a,b\n1,"2\n"3","4"\n5,6\n') == [
        (2, "has a quote in the middle of a field"),
        (3, ["3", "4"]),
        (4, ["5", "6"]),
    ]


def test_an_unclosed_quote_far_from_the_end_does_not_read_all_of_it() -> None:
    rows = b"".join(b"%d,x\n" % number for number in range(50_000))
    found = read(b'a,b\n1,"2\n' + rows)
    assert len(found) == 50_001
    assert [row for row in found if isinstance(row[1], str)] == [(2, "has a quote that is never closed")]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "The file is empty"),
        (b"a,a\n1,2\n", "two columns named “a”"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"\xff,b\n", "first line cannot be read: it is not UTF-8"),
        (b'a,"b\n', "header line cannot be read: has a quote that is never closed"),
        (gzip.compress(b"a,b\n1,2\n" * 10_000, mtime=0)[:-9], "cannot be decompressed to its end"),
        (b"\x1f\x8bnonsense", "cannot be decompressed to its end"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, problem: str) -> None:
    with pytest.raises(FileProblem, match=problem):
        read(data)


def test_memory_stays_the_same_however_long_the_file() -> None:
    def peak(lines: int) -> int:
        data = gzip.compress(b"a,b\n" + b"1,2\n" * lines, mtime=0)
        tracemalloc.start()
        for _ in Rows(io.BytesIO(data)):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(100_000) < peak(1_000) + 500_000


def test_a_bad_row_holds_nothing_of_what_stood_in_it() -> None:
    assert set(BadRow.__dataclass_fields__) == {"line", "reason"}
