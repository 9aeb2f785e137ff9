"""SMTP (RFC 5321), one transaction per message, knowing how far each one came.

`smtplib` opens and secures the session; from there on every command is driven here, because the phase decides what
an error means: before the final dot is flushed the message has certainly not left, after it nobody can know.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.email_url import SmtpServer

POSITIVE = range(200, 300)


class Phase(StrEnum):
    """How far the dialogue had come."""

    CONNECT = "connect"
    SESSION = "session"  # EHLO, STARTTLS, AUTH
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"  # the final dot is flushed: the message may have been taken


@dataclass(frozen=True)
class Envelope:
    """One message for the wire. `data` has CRLF line ends; dots are stuffed here. `utf8`: needs SMTPUTF8."""

    delivery_id: int
    sender: str
    recipient: str
    data: bytes
    utf8: bool = False


class _Refused(Exception):
    """The server answered with something else than what lets the dialogue go on."""

    def __init__(self, code: int, text: bytes) -> None:
        self.code, self.text = code, text.decode("utf-8", "replace")


class SmtpTransport:
    """Keeps one session open and hands in one message at a time. `deliver` never raises for a message's sake."""

    def __init__(self, server: SmtpServer, hello: str = "localhost", context: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.hello = hello  # how we introduce ourselves; given, because looking it up may hang on a name server
        self.context = context
        self.phase = Phase.CONNECT
        self._session: smtplib.SMTP | None = None

    def deliver(self, envelope: Envelope) -> Outcome:
        """Hand in one message and say what became of it."""
        was_open = self._session is not None
        outcome = self._try(envelope)
        # A session that idled may have been closed by the server; that says nothing about this message.
        if was_open and self._session is None and self.phase is Phase.MAIL and "code" not in outcome.evidence:
            outcome = self._try(envelope)
        return outcome

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
            session.close()

    def _try(self, envelope: Envelope) -> Outcome:
        try:
            text = self._transact(self._open(), envelope)
        except _Refused as refusal:
            return self._refused(envelope, refusal)
        except smtplib.SMTPResponseException as error:  # connecting, STARTTLS, AUTH, or an answer without end
            return self._unanswered(envelope, f"{error.smtp_code} {error.smtp_error!r}", code=error.smtp_code)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return self._unanswered(envelope, f"{type(error).__name__}: {error}")
        return Outcome(envelope.delivery_id, Verdict.ACCEPTED, {"phase": Phase.DOT, "code": 250, "text": text[:300]})

    def _open(self) -> smtplib.SMTP:
        """The open session, or a new one: connected, greeted, secured, signed in."""
        if self._session is not None:
            return self._session
        server, self.phase = self.server, Phase.CONNECT
        if server.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=self.hello, timeout=server.timeout, context=self._tls()
            )
        else:
            session = smtplib.SMTP(local_hostname=self.hello, timeout=server.timeout)
        self._session = session
        # What STARTTLS and smtps check the certificate against; `connect()` alone does not set it.
        session._host = server.host  # type: ignore[attr-defined]
        code, text = session.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        if session.sock is not None:
            # The text and the final dot are two writes; held back, the dot would wait 40 ms for the first one's ACK.
            session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.phase = Phase.SESSION
        session.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            session.starttls(context=self._tls())
            session.ehlo_or_helo_if_needed()
        if server.username:
            session.login(server.username, server.password)
        return session

    def _tls(self) -> ssl.SSLContext:
        self.context = self.context or ssl.create_default_context()
        return self.context

    def _transact(self, session: smtplib.SMTP, envelope: Envelope) -> str:
        """MAIL, RCPT, DATA, the text, the dot. Returns the server's words of acceptance."""
        self.phase = Phase.MAIL
        if envelope.utf8 and not session.has_extn("smtputf8"):
            raise _Refused(553, b"the server does not take international addresses (SMTPUTF8)")
        session.command_encoding = "utf-8" if envelope.utf8 else "ascii"
        self._command(session, f"MAIL FROM:<{envelope.sender}>{' SMTPUTF8' if envelope.utf8 else ''}", POSITIVE)
        self.phase = Phase.RCPT
        self._command(session, f"RCPT TO:<{envelope.recipient}>", POSITIVE)
        self.phase = Phase.DATA
        self._command(session, "DATA", range(354, 355))
        self.phase = Phase.BODY
        session.send(stuffed(envelope.data))
        # A write that fails has not flushed the dot, so that the phase moves on only after it.
        session.send(b".\r\n")
        self.phase = Phase.DOT
        if session.sock is not None:
            session.sock.settimeout(self.server.final_timeout)
        text = self._answer(session, POSITIVE)
        if session.sock is not None:
            session.sock.settimeout(self.server.timeout)
        return text

    def _command(self, session: smtplib.SMTP, command: str, wanted: range) -> None:
        session.putcmd(command)  # raises ValueError for a line break
        self._answer(session, wanted)

    @staticmethod
    def _answer(session: smtplib.SMTP, wanted: range) -> str:
        code, text = session.getreply()
        if code not in wanted:
            raise _Refused(code, text)
        return text.decode("utf-8", "replace")

    def _refused(self, envelope: Envelope, refusal: _Refused) -> Outcome:
        """The server said no. 4xx: later; 5xx: never; anything else is no answer that one could trust."""
        if not 400 <= refusal.code <= 599:
            return self._unanswered(envelope, f"an answer that SMTP does not know: {refusal.code} {refusal.text}")
        self._after_refusal(refusal.code)
        slow_down = refusal.code in (421, 454) or (self.phase is Phase.MAIL and refusal.code in (530, 535))
        later = slow_down or refusal.code < 500
        return Outcome(
            envelope.delivery_id,
            Verdict.DEFERRED if later else Verdict.REJECTED,
            {"phase": self.phase, "code": refusal.code, "text": refusal.text[:300]},
            suppress="bounce" if self.phase is Phase.RCPT and is_hard_bounce(refusal.code, refusal.text) else "",
            slow_down=slow_down,
        )

    def _after_refusal(self, code: int) -> None:
        """Leave the session ready for the next message, or let it go."""
        if code == 421:
            self._drop()
        elif self._session is not None and self.phase is not Phase.DOT:
            try:
                ready, _ = self._session.rset()
            except (OSError, smtplib.SMTPException):
                ready = 0
            if ready != 250:
                self._drop()

    def _unanswered(self, envelope: Envelope, text: str, code: int | None = None) -> Outcome:
        """The connection failed or made no sense. Only the phase tells whether the message may have left."""
        self._drop()
        evidence: dict[str, object] = {"phase": self.phase, "text": text[:300]}
        if code is not None:
            evidence["code"] = code
        if self.phase is Phase.DOT:
            return Outcome(envelope.delivery_id, Verdict.AMBIGUOUS, evidence)
        # Not even a session: the server is down or refuses us, which no message can help.
        slow_down = self.phase in (Phase.CONNECT, Phase.SESSION)
        return Outcome(envelope.delivery_id, Verdict.DEFERRED, evidence, slow_down=slow_down)

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def stuffed(data: bytes) -> bytes:
    """The text as DATA wants it: ends with CRLF, and a dot at the start of a line is doubled (RFC 5321, 4.5.2)."""
    data = data if data.endswith(b"\r\n") else data + b"\r\n"
    data = data.replace(b"\r\n.", b"\r\n..")
    return b"." + data if data.startswith(b".") else data


def is_hard_bounce(code: int, text: str) -> bool:
    """Whether a refused recipient does not exist: RFC 3463 X.1.x says so, or a bare 550, 551, 553 without such a code.

    X.7.x (policy), X.2.2 (mailbox full) and the like are about something else than the address.
    """
    words = text.split()
    enhanced = words[0] if words and words[0].count(".") == 2 and words[0][:2] == "5." else ""
    if enhanced:
        return enhanced in {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
    return code in (550, 551, 553)
