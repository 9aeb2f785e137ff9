from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from deliveries.channels.base import Outgoing
from deliveries.channels.envelopes import envelope_of
from deliveries.channels.smtp.envelope import stuffed
from deliveries.mail import CannotCompose, mail_of
from tests.deliveries.mail.reading import check_wire, content, read
from tests.deliveries.mail.test_contents import TEXTS

OUTGOING = Outgoing(
    delivery_id=1,
    message_id="1.0123456789abcdef",
    customer_id=2,
    external_id="c2",
    address="ada@example.com",
    mail=mail_of("Hello", "<p>Dear Ada</p>", "Dear Ada"),
    headers={"List-Unsubscribe": f"<https://example.com/u/{'x' * 120}/>", "List-Unsubscribe-Post": "x"},
)


def test_an_envelope_holds_the_whole_mail() -> None:
    envelope = envelope_of(OUTGOING)
    message = read(envelope.data)
    assert (envelope.delivery_id, envelope.sender, envelope.recipient) == (1, "almanac@example.com", "ada@example.com")
    assert envelope.utf8 is False
    assert {name: str(message[name]) for name in message if name not in ("Date", "Content-Type")} == {
        "From": "Almanac <almanac@example.com>",
        "To": "ada@example.com",
        "Subject": "Hello",
        "Message-ID": "<1.0123456789abcdef@testserver>",
        **OUTGOING.headers,
        "MIME-Version": "1.0",
    }
    assert isinstance(message["Date"].datetime, datetime)
    assert (content(message, "plain"), content(message, "html")) == ("Dear Ada\n", "<p>Dear Ada</p>\n")


@given(TEXTS, TEXTS, TEXTS)
def test_texts_that_are_not_encoded_yet_make_the_same_mail(subject: str, html: str, text: str) -> None:
    subject, html = f"S{subject}", f"<p>{html}"
    encoded = OUTGOING._replace(mail=mail_of(subject, html, text))
    raw = OUTGOING._replace(mail=None, subject=subject, html=html, text=text)
    assert without_date(envelope_of(raw).data) == without_date(envelope_of(encoded).data)
    check_wire(envelope_of(raw).data)
    assert stuffed(envelope_of(raw).data) == envelope_of(raw).data


def without_date(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\r\n") if not line.startswith(b"Date: ")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"mail": mail_of(" ", "<p>x</p>", "x")}, "subject is empty"),
        ({"mail": mail_of("Hello", " ", "\n")}, "message is empty"),
        ({"mail": None}, "subject is empty"),
        ({"mail": None, "subject": "Half \ud83c", "text": "x"}, "half a character"),
        ({"address": "ada@example.com\r\nBcc: eve@example.com"}, "address"),
        ({"address": "\ud83c@example.com"}, "address"),
        ({"message_id": "1\r\nBcc: eve@example.com"}, "Message-ID"),
        ({"headers": {"Bcc": "eve@example.com"}}, "not allowed"),
        ({"headers": {"Reply-To": "a@b.c\nBcc: eve@example.com"}}, "line break"),
    ],
)
def test_what_cannot_become_a_mail_is_refused_aloud(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(CannotCompose, match=problem):
        envelope_of(OUTGOING._replace(**change))


def test_an_international_address_is_written_in_utf8() -> None:
    envelope = envelope_of(OUTGOING._replace(address="jürgen@bücher.example"))
    assert (envelope.recipient, envelope.utf8) == ("jürgen@xn--bcher-kva.example", True)
    assert "To: jürgen@xn--bcher-kva.example\r\n".encode() in envelope.data
