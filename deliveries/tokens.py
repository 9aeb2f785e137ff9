"""Signed tokens for customers, who have no login: each is good for one purpose and names ids, nothing else.

Whoever holds one may do that one thing for that one customer. They are never logged.
"""

import hashlib
import hmac
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core import signing

INBOX_LASTS = timedelta(days=30)
URL_SAFE = bytes.maketrans(b"+/", b"-_")


class BadToken(Exception):
    """Raised for a token that is not ours, is for something else, was changed or is too old."""


@dataclass(frozen=True)
class OptOut:
    """What a one-click unsubscribe is about."""

    customer_id: int
    topic_id: int
    channel: str


def unsubscribe_token(customer_id: int, topic_id: int, channel: str) -> str:
    """Never expires: a customer may unsubscribe by a mail of any age."""
    return _sign("unsubscribe", f"{customer_id}.{topic_id}.{channel}")


def read_unsubscribe(token: str) -> OptOut:
    customer_id, topic_id, channel = _read("unsubscribe", token).split(".", 2)
    return OptOut(int(customer_id), int(topic_id), channel)


def preferences_token(customer_id: int) -> str:
    return _sign("preferences", str(customer_id))


def read_preferences(token: str) -> int:
    """The id of the customer."""
    return int(_read("preferences", token))


def view_token(delivery_id: int) -> str:
    return _sign("view", str(delivery_id))


def read_view(token: str) -> int:
    """The id of the delivery."""
    return int(_read("view", token))


def inbox_token(customer_id: int) -> str:
    return _signer("inbox").sign(str(customer_id))


def read_inbox(token: str) -> int:
    """The id of the customer; the token is good for `INBOX_LASTS`."""
    try:
        return int(_signer("inbox").unsign(token, max_age=INBOX_LASTS))
    except (signing.BadSignature, ValueError) as error:
        raise BadToken from error


def _signer(purpose: str) -> signing.TimestampSigner:
    # The salt binds the purpose: a token of one kind is no token of another.
    return signing.TimestampSigner(salt=f"almanac.{purpose}", sep="~")


def _sign(purpose: str, value: str) -> str:
    """What `signing.Signer` would say, but that the key is not derived anew: a mail has three of these."""
    keyed = _keyed(purpose).copy()
    keyed.update(value.encode())
    return f"{value}~{b2a_base64(keyed.digest(), newline=False).translate(URL_SAFE, b'=').decode('ascii')}"


@cache
def _keyed(purpose: str) -> hmac.HMAC:
    """With the key that `django.utils.crypto.salted_hmac` derives."""
    key = hashlib.sha256(f"almanac.{purpose}signer{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, digestmod="sha256")


def _read(purpose: str, token: str) -> str:
    try:
        return signing.Signer(salt=f"almanac.{purpose}", sep="~").unsign(token)
    except signing.BadSignature as error:
        raise BadToken from error
