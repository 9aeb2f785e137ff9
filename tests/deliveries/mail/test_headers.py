import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.mail import CannotCompose, date_line, verbatim_lines
from deliveries.mail.headers import subject_line
from deliveries.mail.words import one_line
from tests.builders import NOW
from tests.deliveries.mail.reading import check_wire, read
from tests.deliveries.mail.test_contents import TEXTS


@given(TEXTS | st.text(alphabet="ab  ", max_size=300) | st.text(alphabet="aé_? 日=", max_size=200))
def test_a_subject_is_read_as_one_line_of_what_was_written(text: str) -> None:
    line = subject_line(f"S{text}")
    assert str(read(line.encode())["Subject"]) == one_line(f"S{text}")
    check_wire(line.encode())


def test_a_short_subject_is_written_as_it_is() -> None:
    assert subject_line("Hello, Ada") == "Subject: Hello, Ada\r\n"
    assert subject_line("word " * 16) == f"Subject: {' '.join(['word'] * 13)}\r\n word word word\r\n"
    assert (
        subject_line("Grüße an alle unsere Freunde")
        == "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_an_alle_unsere_Freunde?=\r\n"
    )
    assert subject_line("Привет") == "Subject: =?utf-8?b?0J/RgNC40LLQtdGC?=\r\n"


def test_a_line_break_in_a_subject_becomes_a_space() -> None:
    assert subject_line("Hello\r\nBcc: eve@example.com") == "Subject: Hello Bcc: eve@example.com\r\n"


def test_the_date_is_in_the_form_that_mail_has() -> None:
    assert date_line(int(NOW.timestamp())) == "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"


def test_a_long_address_in_a_header_is_written_as_it_is() -> None:
    link = f"<https://example.com/u/{'x' * 120}/>"
    assert verbatim_lines({"List-Unsubscribe": link}) == f"List-Unsubscribe: {link}\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Bcc": "eve@example.com"},
        {"bcc\r\nX": "y"},
        {"Reply-To": "a@b.c\r\nBcc: eve@example.com"},
        {"Reply-To": "a\x00@b.c"},
        {"Reply-To": "ü@b.c"},
        {"Reply-To": "x" * 998},
    ],
)
def test_a_header_that_is_not_allowed_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CannotCompose):
        verbatim_lines(headers)
