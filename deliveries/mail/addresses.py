"""Addresses: which ones mail can be sent to, and how they stand in a header and in an SMTP command."""

import re
from email.utils import parseaddr, quote
from functools import lru_cache
from typing import NamedTuple

from .words import LINE, CannotCompose, encoded_words, one_line

LONGEST = 320
FROM = "From: "
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# What nearly every address is: nothing needs to be quoted or encoded.
_COMMON = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
# With non-ASCII as an atom may have it under SMTPUTF8 (RFC 6532).
_DOT_ATOM = re.compile(r"[^\s.\x00-\x1f\x7f]+(?:\.[^\s.\x00-\x1f\x7f]+)*")


class Sender(NamedTuple):
    """Who mail comes from: the bare address, and the From header with its line end."""

    address: str
    line: str


def check_address(address: str) -> str:
    """The address, if it is one that may stand in an SMTP command. Raises `CannotCompose`."""
    labels = address.rpartition("@")[2].split(".")
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address) or not all(labels):
        raise CannotCompose("the address is not one that mail can be sent to")
    return address


def recipient_of(address: str) -> tuple[str, str]:
    """The address for the SMTP command and for the To header. An international domain gets its ASCII form.

    What is not ASCII then is the part before the @, which needs SMTPUTF8. Raises `CannotCompose`.
    """
    if len(address) <= LONGEST and _COMMON.fullmatch(address):
        return address, address
    local, _, domain = check_address(address).rpartition("@")
    try:
        wire = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
        wire.encode()
    except UnicodeError as error:
        raise CannotCompose("the address cannot be encoded") from error
    # Once more: a wide ">" becomes a plain one on the way.
    return check_address(wire), _in_header(wire)


@lru_cache(maxsize=8)
def sender_of(sender: str) -> Sender:
    """Of a From line such as `Almanac <almanac@example.com>`. Raises `CannotCompose`."""
    name, address = parseaddr(one_line(sender))
    wire, shown = recipient_of(address)
    if not name:
        return Sender(wire, f"{FROM}{shown}\r\n")
    words = FROM + _phrase(name)
    fits = len(words.rpartition("\n")[2]) + len(f" <{shown}>") <= LINE
    return Sender(wire, f"{words} <{shown}>\r\n" if fits else f"{words}\r\n <{shown}>\r\n")


def _phrase(name: str) -> str:
    """A name before an address: as it is, in quotes, or in encoded words."""
    room = LINE - len(FROM)
    if re.fullmatch(rf"{_ATOM}(?: {_ATOM})*", name) and len(name) <= room and "=?" not in name:
        return name
    if name.isascii() and len(name) <= room - 10 and "=?" not in name:
        return f'"{quote(name)}"'
    try:
        return encoded_words(name, room, is_phrase=True)
    except UnicodeEncodeError as error:
        raise CannotCompose("the sender's name cannot be encoded") from error


def _in_header(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return address if _DOT_ATOM.fullmatch(local) else f'"{local}"@{domain}'
