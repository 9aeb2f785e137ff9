from email import message_from_string
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.mail import CannotCompose, check_address, recipient_of, sender_of
from tests.deliveries.mail.reading import check_wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a b@c.d",
        "a@b\n",
        "a@b>c",
        "x" * 400 + "@example.com",
        "a@.b",
        "a@b..c",
        "a@b@c",
        "\ud83c@b.c",
        "a@b\uff1ec.d",  # a wide ">", which becomes one in ASCII
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(CannotCompose):
        recipient_of(address)


@given(st.text(alphabet="ab.@-_+'<>,;\" \r\n\x00ü", max_size=12))
def test_the_fast_look_refuses_what_the_whole_one_refuses(address: str) -> None:
    try:
        found = recipient_of(address)[0]
    except CannotCompose:
        found = ""
    try:
        is_one = bool(check_address(address))
        address.rpartition("@")[2].encode("idna")
    except (CannotCompose, UnicodeError):
        is_one = False
    assert bool(found) == is_one or address.rpartition("@")[2].isascii()


def test_an_address_stands_in_a_header_as_it_must() -> None:
    assert recipient_of("ada.o'neill+x@example.com") == ("ada.o'neill+x@example.com",) * 2
    assert recipient_of("ada@bücher.example") == ("ada@xn--bcher-kva.example",) * 2
    assert recipient_of("jürgen@example.com") == ("jürgen@example.com",) * 2
    assert recipient_of("ada..x@example.com") == ("ada..x@example.com", '"ada..x"@example.com')


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Almanac <almanac@example.com>", "Almanac"),
        ("almanac@example.com", ""),
        ('"Almanac, Inc." <almanac@example.com>', "Almanac, Inc."),
        ('"A \\"B\\" \\\\" <almanac@example.com>', 'A "B" \\'),
        ("Älmanach 日本 <almanac@example.com>", "Älmanach 日本"),
        (f"{'word ' * 30}<almanac@example.com>", ("word " * 30).strip()),
        (f"{'é' * 80} <almanac@example.com>", "é" * 80),
        ('"=?utf-8?q?x?=" <almanac@example.com>', "=?utf-8?q?x?="),
        ('"Al\r\nBcc: eve" <almanac@example.com>', "Al Bcc: eve"),
    ],
)
def test_a_sender_is_read_as_it_was_set(sender: str, name: str) -> None:
    address, line = sender_of(sender)
    message = message_from_string(line)
    shown, bare = parseaddr(message["From"])
    assert (str(make_header(decode_header(shown))), bare, address) == (name, "almanac@example.com", address)
    assert message.keys() == ["From"]
    check_wire(line.encode())


@pytest.mark.parametrize("sender", ["", "Almanac", "Almanac <>", "A <a@b@c>"])
def test_a_sender_without_an_address_is_refused(sender: str) -> None:
    with pytest.raises(CannotCompose):
        sender_of(sender)
