"""A mail server of the demo's own, on loopback: it counts what arrives, which is the other half of the account."""

import asyncio
import logging
from asyncio import Server
from collections import Counter
from types import TracebackType
from typing import Any, Self, cast
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class FreePortController(Controller):
    """Listens on whatever port is free, which its base would not look up before it tries the port.

    Its end is also that of the sessions which clients keep open for their next mails.
    """

    def __init__(self, handler: Any, **options: Any) -> None:
        super().__init__(handler, **options)
        self._sessions: WeakSet[SMTP] = WeakSet()

    def factory(self) -> SMTP:
        session = cast(SMTP, super().factory())  # type: ignore[no-untyped-call]  # aiosmtpd's own
        self._sessions.add(session)
        return session

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(timeout=5)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for session in list(self._sessions):
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()
        await asyncio.sleep(0.01)  # their ends are calls of their own, which a loop that is stopped never comes to

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
