from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.mail import CannotCompose, Mail, check_address, compose, plain_text
from tests.builders import NOW

MAIL = Mail(
    sender="Almanac <almanac@example.com>",
    recipient="ada@example.com",
    subject="Hello",
    text="Dear Ada",
    html="<p>Dear Ada</p>",
    message_id="1.abc@example.com",
    date=NOW,
    headers={"List-Unsubscribe": f"<https://example.com/u/{'x' * 120}/>"},
)
# Anything that Unicode has, but for halves of characters.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, _class=EmailMessage, policy=default)


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def as_read(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def test_a_mail_has_both_parts_and_its_headers() -> None:
    message = read(compose(MAIL))
    assert (content(message, "plain"), content(message, "html")) == ("Dear Ada\n", "<p>Dear Ada</p>\n")
    assert {name: str(message[name]) for name in ("From", "To", "Subject", "Date", "Message-ID")} == {
        "From": "Almanac <almanac@example.com>",
        "To": "ada@example.com",
        "Subject": "Hello",
        "Date": "Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID": "<1.abc@example.com>",
    }


def test_a_long_address_in_a_header_is_written_as_it_is() -> None:
    assert f"List-Unsubscribe: {MAIL.headers['List-Unsubscribe']}\r\n".encode() in compose(MAIL)


@given(subject=TEXTS, text=TEXTS, html=TEXTS)
def test_whatever_is_written_is_read_the_same(subject: str, text: str, html: str) -> None:
    data = compose(replace(MAIL, subject=subject, text=text or "-", html=html or "-"))
    message = read(data)
    assert content(message, "plain") == as_read(text or "-")
    assert content(message, "html") == as_read(html or "-")
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert message.keys() == read(compose(MAIL)).keys()


@pytest.mark.parametrize(
    "mail",
    [
        replace(MAIL, subject="Hello\r\nBcc: eve@example.com"),
        replace(MAIL, sender='"Al\r\nBcc: eve" <a@example.com>'),
    ],
    ids=["subject", "sender"],
)
def test_a_line_break_in_a_header_becomes_a_space(mail: Mail) -> None:
    message = read(compose(mail))
    assert message["Bcc"] is None
    assert len(message.get_all("Subject", [])) == 1


@pytest.mark.parametrize("headers", [{"Bcc": "eve@example.com"}, {"Reply-To": "a@b.c\r\nBcc: eve@example.com"}])
def test_a_header_that_is_not_allowed_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CannotCompose):
        compose(replace(MAIL, headers=headers))


def test_an_international_address_is_written_in_utf8() -> None:
    assert "To: jürgen@example.com".encode() in compose(replace(MAIL, recipient="jürgen@example.com"))


@pytest.mark.parametrize("address", ["", "a", "a@", "@b", "a b@c.d", "a@b\n", "a@b>c", "x" * 400 + "@example.com"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(CannotCompose):
        check_address(address)


def test_a_text_is_derived_where_there_is_only_html() -> None:
    html = '<style>p{}</style><h1>Hi&nbsp;Ada</h1><p>Read <a href="https://e.com/a">this</a>.</p><ul><li>one</li><li>two</li></ul>'
    assert plain_text(html) == "Hi Ada\nRead this (https://e.com/a).\none\ntwo\n"
    assert content(read(compose(replace(MAIL, text="", html=html))), "plain").startswith("Hi Ada")
