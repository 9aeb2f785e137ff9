"""E-mail addresses: the keyed hash by which a suppressed address stays known after its owner is erased."""

import hashlib
import hmac

from django.conf import settings


def normalised(email: str) -> str:
    return email.strip().casefold()


def address_hash(email: str) -> str:
    """64 hex digits, keyed with `ADDRESS_HASH_KEY`; the empty string for no address."""
    if not email.strip():
        return ""
    return hmac.new(settings.ADDRESS_HASH_KEY.encode(), normalised(email).encode(), hashlib.sha256).hexdigest()
