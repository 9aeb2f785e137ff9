"""The e-mail transport that speaks SMTP."""

import ssl
from collections.abc import Generator, Iterable

from deliveries.channels.base import MayLeave, Outcome
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp.engine import Engine
from deliveries.channels.smtp.envelope import Envelope
from deliveries.channels.smtp.session import Account


class SmtpTransport:
    """Hands mail in at one server, as one of those who may share its sessions. Never raises for a message's sake."""

    def __init__(self, server: SmtpServer, hello: str = "localhost", context: ssl.SSLContext | None = None) -> None:
        self.account = Account(server, hello, context)

    def send(self, envelopes: Iterable[Envelope], may_leave: MayLeave) -> Generator[Outcome, None, None]:
        """Take messages as there is room for them, at most two a connection; one outcome for each, in any order."""
        yield from Engine(self.account, envelopes, may_leave).run()

    def close(self) -> None:
        """Nothing to do: at the end of each `send` the sessions went back to the pool."""
