"""One connection and the messages on it: a small machine that knows at every moment how far each has come.

Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go in one write, and those of the next message
together with the text and the dot of the present one: a round trip a message. The next one is `following` until the
present one is answered for; it has certainly not left, whatever becomes of the connection.
"""

import selectors
import time
from contextlib import suppress
from typing import Protocol

from deliveries.channels.base import MayLeave, Outcome
from deliveries.channels.email_url import SmtpServer
from deliveries.channels.smtp.envelope import DATA, DOT, RSET, Envelope, mail_command, rcpt_command, stuffed
from deliveries.channels.smtp.line import Broken, Line
from deliveries.channels.smtp.replies import LONGEST, all_taken, brief, reply_at, words
from deliveries.channels.smtp.session import Session
from deliveries.channels.smtp.verdicts import Phase, accepted, held, refused, unanswered


class Desk(Protocol):
    """Whom a connection works for: where messages come from and outcomes go to."""

    may_leave: MayLeave

    def next_for(self, connection: "Connection") -> Envelope | None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def give_back(self, envelope: Envelope) -> None:
        """It was taken, and for no fault of its own not even begun."""

    def once_more(self, envelope: Envelope) -> bool:
        """Whether it gets another try, on a session that is new."""

    def is_idle(self, connection: "Connection") -> None: ...

    def is_gone(self, connection: "Connection") -> None: ...

    def may_go(self, connection: "Connection") -> None:
        """The server waits for its text: call `hand_over` when everybody knows what became of the one before."""


class Connection:
    """`current` is the message whose answers come first, `phase` what its next answer is about."""

    def __init__(self, session: Session, server: SmtpServer, selector: selectors.BaseSelector, desk: Desk) -> None:
        self.session = session
        self.phase = Phase.IDLE
        self.current: Envelope | None = None
        self.following: Envelope | None = None
        self.deadline = 0.0
        self._server = server
        self._desk = desk
        self._line = Line(session.sock, selector, self)
        self._rest, session.unread = session.unread, b""
        self._tail = 0  # bytes from the final dot on, in the last write that held one
        self._handed_over = 0.0  # when the text that is under way was
        self._is_open = True
        self._closes = False  # after the present message
        self._mail_refused = False
        self._clears = range(0)  # the answers after which the session is ready for the next message

    # --- What the engine asks -----------------------------------------------------------------------------------

    def begin(self, envelope: Envelope) -> None:
        self.current, self.phase = envelope, Phase.MAIL
        self._extend()
        try:
            self._line.write(self._opening_of(envelope))
        except Broken as problem:
            self._broken(problem)

    def ready(self) -> None:
        """The socket can be read or written."""
        try:
            if self._line.unsent:
                self._put()
            data = self._line.read()
            if data:
                self._hear(data)
            elif data is not None:
                self.fail("the server closed the connection")
        except Broken as problem:
            self._broken(problem)

    def hand_over(self) -> None:
        """The point of no return: the text and the dot, and behind them what begins the next message."""
        if self.current is None or self.phase is not Phase.BODY:
            return
        if self.session.pipelining and not self._closes:
            self.following = self._desk.next_for(self)
        if not self._desk.may_leave(self.current.delivery_id):
            self._stop(self.current)
            return
        next_one = self._opening_of(self.following) if self.following is not None else b""
        self._tail = len(DOT) + len(next_one)
        self._handed_over = time.monotonic()
        try:
            data = self.current.data if self.current.is_stuffed else stuffed(self.current.data)
            self._put(b"".join((data, DOT, next_one)))
        except Broken as problem:
            self._broken(problem)

    def is_late(self, now: float) -> bool:
        return now > self.deadline and self.phase is not Phase.IDLE

    def stalls(self, now: float) -> bool:
        """Whether the present message keeps one waiting for longer than any other answer may take."""
        is_under_way = self.following is not None and self.phase in (Phase.BODY, Phase.DOT)
        return is_under_way and now > self._handed_over + self._server.timeout

    def let_go(self) -> None:
        """Give the following message to somebody faster. Its DATA will be answered here, so that this must close."""
        following, self.following, self._closes = self.following, None, True
        if following is not None:
            self._desk.give_back(following)

    def fail(self, text: str) -> None:
        """The connection is lost, or makes no sense. One message at most is to be answered for."""
        envelope, phase = self.current, self.phase
        self.drop()
        if envelope is None:
            return
        # A session that has been in use may be closed by the server; that says nothing about this message.
        if not (phase is Phase.MAIL and self.session.seasoned and self._desk.once_more(envelope)):
            self._desk.ended(unanswered(envelope.delivery_id, phase, text))

    def drop(self) -> None:
        """Close without a word: without a dot the server throws away what it has got."""
        following = self.following
        self.current = self.following = None
        self.phase, self._is_open = Phase.IDLE, False
        self._line.close()
        self._desk.is_gone(self)
        if following is not None:
            self._desk.give_back(following)

    def release(self) -> Session:
        """The session, to be used by others; nothing is under way on it."""
        self._line.release()
        self.session.unread = self._rest
        return self.session

    # --- Answers ------------------------------------------------------------------------------------------------

    def _hear(self, data: bytes) -> None:
        data, start = self._rest + data if self._rest else data, 0
        if self.phase is Phase.DOT and self.following is not None and (usual := all_taken(data)):
            self._dot_answered(*usual)
            self._text_wanted()
            start = len(data)
        while self._is_open and (found := reply_at(data, start)):
            code, end = found
            self._answer(code, data[start:end])
            start = end
        self._rest = data[start:]
        if start and self._is_open:
            self._extend()
            if self.session.pipelining and self.phase in (Phase.MAIL, Phase.RCPT, Phase.DATA):
                self._line.hurry()
        if len(self._rest) > LONGEST and self._is_open:
            self.fail("an answer without end")

    def _answer(self, code: int, reply: bytes) -> None:
        phase = self.phase
        if phase is Phase.DOT:
            self._dot_answered(code, reply)
        elif phase is Phase.RESET:
            self._reset_answered(code)
        elif self.current is None:
            self._cleared(code)
        elif 200 <= code < 300 and phase in (Phase.MAIL, Phase.RCPT):
            self._go_on(self.current)
        elif code == 354 and phase is Phase.DATA:
            self._text_wanted()
        else:
            self._refuse(self.current, code, reply)

    def _text_wanted(self) -> None:
        # An answer that comes from here on until the dot is out is one to nothing, and ends the session.
        self.phase, self._tail = Phase.BODY, 0
        self._desk.may_go(self)

    def _go_on(self, envelope: Envelope) -> None:
        """MAIL or RCPT was taken."""
        was, self.phase = self.phase, Phase.RCPT if self.phase is Phase.MAIL else Phase.DATA
        if not self.session.pipelining:
            self._line.write(rcpt_command(envelope) if was is Phase.MAIL else DATA)

    def _stop(self, envelope: Envelope) -> None:
        self.drop()
        self._desk.ended(held(envelope.delivery_id, "stopped right before it left"))

    def _put(self, data: bytes = b"") -> None:
        """Write, or go on writing. As soon as a byte of the dot may be out, the message may be."""
        waiting = len(self._line.unsent) + len(data)
        try:
            self._line.write(data)
        finally:
            if self.phase is Phase.BODY and len(self._line.unsent) < self._tail:
                self.phase = Phase.DOT
                self._extend()
            elif self.phase is Phase.BODY and len(self._line.unsent) < waiting:
                self._extend()
                self.deadline = min(self.deadline, self._handed_over + self._server.text_timeout)

    def _dot_answered(self, code: int, reply: bytes) -> None:
        envelope = self.current
        assert envelope is not None  # noqa: S101 - nothing else brings the machine into this phase
        if 200 <= code < 300:
            self._desk.ended(accepted(envelope.delivery_id, code, brief(reply)))
        elif code == 421 or not 400 <= code <= 599:
            self._refuse(envelope, code, reply)
            return
        else:
            self._desk.ended(refused(envelope.delivery_id, Phase.DOT, code, words(reply)))
        self._end()

    def _end(self) -> None:
        """The present message is answered for: the following one is the present one now."""
        self.session.seasoned = True
        self.current, self.following = self.following, None
        if self._closes:
            self.drop()
        elif self.current is not None:
            self.phase = Phase.MAIL
        else:
            self.phase = Phase.IDLE
            self._desk.is_idle(self)

    # --- Refusals -----------------------------------------------------------------------------------------------

    def _refuse(self, envelope: Envelope, code: int, reply: bytes) -> None:
        """Something else than what lets the dialogue go on."""
        phase = self.phase
        if not 400 <= code <= 599:
            self.fail(f"an answer that SMTP does not know: {code} {words(reply)}")
            return
        self.current = None
        if code == 421 or phase is Phase.BODY:  # it closes; or it answers what is not yet said to the end
            self.drop()
        # Servers have a limit of messages a session and say so between two of them: this one goes on a new session.
        if code == 421 and phase is Phase.MAIL and self.session.seasoned and self._desk.once_more(envelope):
            return
        self._desk.ended(refused(envelope.delivery_id, phase, code, words(reply)))
        if self._is_open:
            self._clear_away(phase)

    def _clear_away(self, phase: Phase) -> None:
        """Where commands were sent ahead, their answers are still to come (RFC 2920, 3.1)."""
        self._mail_refused = phase is Phase.MAIL
        if self.session.pipelining and phase is not Phase.DATA:
            self.phase = Phase.RCPT if phase is Phase.MAIL else Phase.DATA
        else:
            self._reset(RSET)

    def _cleared(self, code: int) -> None:
        """An answer to what was sent ahead of a refusal; or one that nobody asked for."""
        if self.phase is Phase.RCPT and code != 421:
            self.phase = Phase.DATA
        elif self.phase is Phase.DATA and code == 354 and not self._mail_refused:
            # It waits for a text, although it has no recipient: a lone dot ends that, and nobody gets anything.
            self._reset(DOT)
        elif self.phase is Phase.DATA and code not in (354, 421):
            self._reset(RSET)
        else:
            self.drop()

    def _reset(self, command: bytes) -> None:
        self.phase = Phase.RESET
        # A lone dot is mostly refused, and as good as RSET.
        self._clears = range(200, 300) if command == RSET else range(200, 600)
        self._line.write(command)

    def _reset_answered(self, code: int) -> None:
        if code in self._clears and code != 421:
            self._end()
        else:
            self.drop()

    # --- The line -----------------------------------------------------------------------------------------------

    def _broken(self, problem: Broken) -> None:
        """Writing or reading failed. What the server said before still counts."""
        with suppress(Broken):
            while self._is_open and (data := self._line.read()):
                self._hear(data)
        if self._is_open:
            self.fail(str(problem))

    def _opening_of(self, envelope: Envelope) -> bytes:
        mail = mail_command(envelope, eight_bit=self.session.eight_bit)
        return mail + rcpt_command(envelope) + DATA if self.session.pipelining else mail

    def _extend(self) -> None:
        server = self._server
        self.deadline = time.monotonic() + (server.final_timeout if self.phase is Phase.DOT else server.timeout)
