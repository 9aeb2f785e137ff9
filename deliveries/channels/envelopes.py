"""From a message to an envelope: the whole mail as bytes, and what is said of it in the SMTP dialogue."""

import time
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from deliveries.channels.base import Outgoing
from deliveries.channels.smtp import Envelope
from deliveries.mail import CannotCompose, date_line, mail_of, recipient_of, sender_of, verbatim_lines


@cache
def host() -> str:
    """The name that our Message-IDs end with and that we introduce ourselves by."""
    name = urlsplit(settings.BASE_URL).hostname or "localhost"
    return name if name.isascii() else name.encode("idna").decode()


def envelope_of(outgoing: Outgoing) -> Envelope:
    """Raises `CannotCompose` with what is wrong. A message whose texts are not encoded yet is encoded here."""
    mail = outgoing.mail or mail_of(outgoing.subject, outgoing.html, outgoing.text)
    if not mail.subject:
        raise CannotCompose("the subject is empty")
    if not mail.body:
        raise CannotCompose("the message is empty")
    sender, from_line = sender_of(settings.EMAIL_FROM)
    recipient, shown = recipient_of(outgoing.address)
    # The moment of handing it in: the one place below a task where the clock is read, as the mail says so.
    date = date_line(int(time.time()))
    own = verbatim_lines({"Message-ID": f"<{outgoing.message_id}@{host()}>", **outgoing.headers})
    data = f"{from_line}To: {shown}\r\n{mail.subject}{date}{own}{mail.body}".encode()
    is_ascii = sender.isascii() and recipient.isascii()
    # Quoted-printable and base64 as we write them, and headers on lines of their own, begin no line with a dot.
    return Envelope(outgoing.delivery_id, sender, recipient, data, utf8=not is_ascii, is_stuffed=True)
