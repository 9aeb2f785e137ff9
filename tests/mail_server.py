"""A real SMTP server on a free port of this machine, which keeps what it is given."""

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from calendar_project.demo.sink import FreePortController


@dataclass
class MailServer:
    """`messages` in the order of arrival. `refuse` maps a recipient to the answer that they get instead of 250."""

    host: str = "127.0.0.1"
    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As `EMAIL_URL` wants it."""
        return f"smtp://{self.host}:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [_parsed(envelope) for envelope in self.envelopes]

    def clear(self) -> None:
        self.envelopes.clear()
        self.refuse.clear()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks the handler up by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.envelopes.append(envelope)
        return "250 OK"


def _parsed(envelope: Envelope) -> EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def start_mail_server() -> tuple[MailServer, Any]:
    """The server, and the controller whose `stop()` ends it."""
    server = MailServer()
    controller = FreePortController(server, hostname=server.host, port=0)
    controller.start()
    server.port = controller.port
    return server, controller
