"""Opening a session: `smtplib` connects, greets, secures and signs in, in a thread, so that nobody waits for it."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from deliveries.channels.base import Outcome
from deliveries.channels.smtp.session import Account, Session
from deliveries.channels.smtp.verdicts import Phase, unanswered

#: How many answers' time opening may take as a whole: neither a name server nor one byte at a time goes on for ever.
WHOLE = 4
KEPT_BY_KERNEL = 65_536  # bytes; Linux takes twice that, of which its own books are half


class Opening(threading.Thread):
    """Ends with a `session` or a `problem`, and calls `report`; with neither and no call once it was abandoned."""

    def __init__(self, account: Account, report: Callable[["Opening"], None]) -> None:
        super().__init__(daemon=True, name="smtp-opening")
        self.phase = Phase.CONNECT
        self.session: Session | None = None
        self.problem: Exception | None = None
        self.deadline = time.monotonic() + WHOLE * account.server.timeout
        self._account = account
        self._report = report
        self._smtp: smtplib.SMTP | None = None
        self._lock = threading.Lock()
        self._abandoned = False

    def run(self) -> None:
        try:
            self.session = self._open()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.problem = error
            if self._smtp is not None:
                self._smtp.close()
        with self._lock:
            if not self._abandoned:
                self._report(self)
            elif self.session is not None:
                self.session.quit()

    def abandon(self) -> None:
        """Nobody waits for it any more: it ends as soon as it can, and leaves nothing open."""
        with self._lock:
            self._abandoned = True
        sock = self._smtp.sock if self._smtp is not None else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def outcome(self, delivery_id: int) -> Outcome:
        """What the failure says of a message that waited for this session."""
        problem = None if self._abandoned else self.problem
        if isinstance(problem, smtplib.SMTPResponseException):
            text = f"{problem.smtp_code} {problem.smtp_error!r}"
            return unanswered(delivery_id, self.phase, text, problem.smtp_code)
        text = f"{type(problem).__name__}: {problem}" if problem else "TimeoutError: timed out"
        return unanswered(delivery_id, self.phase, text)

    def _open(self) -> Session:
        server = self._account.server
        smtp = self._smtp = self._unconnected()
        # What STARTTLS and smtps check the certificate against; `connect()` alone does not set it.
        smtp._host = server.host  # type: ignore[attr-defined]
        code, text = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        self.phase = Phase.SESSION
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=self._tls())
            smtp.ehlo_or_helo_if_needed()
        if server.username:
            smtp.login(server.username, server.password)
        return _taken_from(smtp)

    def _unconnected(self) -> smtplib.SMTP:
        server, hello = self._account.server, self._account.hello
        if server.security == "tls":
            return smtplib.SMTP_SSL(local_hostname=hello, timeout=server.timeout, context=self._tls())
        return smtplib.SMTP(local_hostname=hello, timeout=server.timeout)

    def _tls(self) -> ssl.SSLContext:
        return self._account.context or default_context()


@lru_cache(maxsize=1)
def default_context() -> ssl.SSLContext:
    """Made once: reading the certificates of this machine takes longer than opening a session."""
    return ssl.create_default_context()


def _taken_from(smtp: smtplib.SMTP) -> Session:
    """The session in our own hands: it never waits from here on."""
    sock = smtp.sock
    if sock is None:
        raise smtplib.SMTPServerDisconnected("the server closed the connection")
    sock.setblocking(False)
    # A text is followed by its dot in one write, yet a long one takes several: none waits for the last one's ACK.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # What the kernel holds has left as far as we can see: were it much, on a slow line the wait for the answer would be
    # over before the text is out. Few texts fill it.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_BY_KERNEL)
    session = Session(
        sock,
        pipelining=smtp.has_extn("pipelining"),
        utf8=smtp.has_extn("smtputf8"),
        eight_bit=smtp.has_extn("8bitmime"),
        unread=_unread(smtp),
    )
    smtp.sock = None
    return session


def _unread(smtp: smtplib.SMTP) -> bytes:
    """What smtplib has read and not used. It must not be lost, or every later answer would be taken for another's."""
    file, smtp.file = smtp.file, None
    try:
        return bytes(file.peek()) if file is not None else b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return b""
    finally:
        if file is not None:
            file.close()
