"""What tests of SMTP share: a mail, a transport that is patient, and what becomes of what it is given."""

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp import Envelope, SmtpTransport

A, D, R, Q, H = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.AMBIGUOUS, Verdict.HELD
PATIENCE = 60  # seconds
TEXT = b"Subject: hello\r\n\r\n.dots\r\n..more\r\nend\r\n"


def envelope(number: int = 1, recipient: str = "ada@example.com", **fields: object) -> Envelope:
    return Envelope(number, "almanac@example.com", recipient, **{"data": TEXT, **fields})  # type: ignore[arg-type]


def transport_to(port: int, **options: object) -> SmtpTransport:
    """Over one connection, where the test does not say otherwise, and with patience: a busy machine is not late."""
    options = {"timeout": PATIENCE, "final_timeout": PATIENCE, "connections": 1, **options}
    return SmtpTransport(SmtpServer("127.0.0.1", port, **options))  # type: ignore[arg-type]


def send(transport: SmtpTransport, *envelopes: Envelope) -> list[Outcome]:
    return list(transport.send(envelopes, lambda _: True))


def deliver(transport: SmtpTransport, message: Envelope) -> Outcome:
    (outcome,) = send(transport, message)
    return outcome
