"""A mail server of the demo's own, on loopback: it counts what arrives, which is the other half of the account."""

import logging
from asyncio import Server
from collections import Counter
from types import TracebackType
from typing import Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class FreePortController(Controller):
    """Listens on whatever port is free, which its base would not look up before it tries the port."""

    def _trigger_server(self) -> None:
        self.port = cast(Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's own


class MailSink:
    """Takes every mail and remembers its Message-ID. Use as a context manager; `url` is for `EMAIL_URL`."""

    def __init__(self) -> None:
        # It would log every command of every session.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self.arrivals: Counter[str] = Counter()
        self._controller = FreePortController(self, hostname="127.0.0.1", port=0)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    @property
    def received(self) -> int:
        return self.arrivals.total()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Called by the server once per mail, after the final dot."""
        self.arrivals[_message_id(cast(bytes, envelope.content))] += 1
        return "250 taken"


def _message_id(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    lines = (line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))
    return next(lines, b":").partition(b":")[2].strip().decode("ascii", "replace")
