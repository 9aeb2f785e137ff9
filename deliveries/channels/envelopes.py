"""From a rendered message to an envelope: what a transport is handed."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings

from deliveries.channels.base import Outgoing
from deliveries.channels.smtp import Envelope
from deliveries.mail import CannotCompose, Mail, compose, sender_address, wire_address


def host() -> str:
    """The name that our Message-IDs end with and that we introduce ourselves by."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def envelope_of(outgoing: Outgoing) -> Envelope:
    """Raises `CannotCompose`, or another `ValueError` for what the email package will not encode."""
    if not outgoing.subject.strip():
        raise CannotCompose("the subject is empty")
    if not (outgoing.text.strip() or outgoing.html.strip()):
        raise CannotCompose("the message is empty")
    mail = Mail(
        sender=settings.EMAIL_FROM,
        recipient=outgoing.address,
        subject=outgoing.subject,
        text=outgoing.text,
        html=outgoing.html,
        message_id=f"{outgoing.message_id}@{host()}",
        # The moment of handing it in: the one place below a task where the clock is read, as the mail says so.
        date=datetime.now(UTC),
        headers=outgoing.headers,
    )
    recipient = wire_address(outgoing.address)
    sender = sender_address(settings.EMAIL_FROM)
    return Envelope(outgoing.delivery_id, sender, recipient, compose(mail), utf8=not recipient.isascii())
