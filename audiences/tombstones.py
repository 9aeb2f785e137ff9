"""Erased customers: the keyed hash that stands where their external id was, so that it cannot come back by upsert."""

import hashlib
import hmac

from django.conf import settings

PREFIX = "erased-"


def tombstone_of(external_id: str) -> str:
    """“erased-” and 64 hex digits, keyed with `ADDRESS_HASH_KEY` so that guessing ids does not find them."""
    key = settings.ADDRESS_HASH_KEY.encode()
    return PREFIX + hmac.new(key, b"external_id:" + external_id.encode(), hashlib.sha256).hexdigest()
