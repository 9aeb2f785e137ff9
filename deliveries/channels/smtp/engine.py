"""One call of `send`: messages come in, several connections carry them at once, outcomes go out. One thread."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Generator, Iterable
from queue import SimpleQueue

from deliveries.channels.base import MayLeave, Outcome
from deliveries.channels.smtp.connection import Connection
from deliveries.channels.smtp.envelope import Envelope, can_be_said
from deliveries.channels.smtp.opening import Opening
from deliveries.channels.smtp.pool import POOL
from deliveries.channels.smtp.session import Account, Session
from deliveries.channels.smtp.supply import Supply
from deliveries.channels.smtp.verdicts import Phase, held, refused, unanswered

#: Seconds between two looks at who is late.
TICK = 0.05


class Engine:
    """A message is with the caller, then taken: waiting, or on a connection, or answered for. Never in two places."""

    def __init__(self, account: Account, envelopes: Iterable[Envelope], may_leave: MayLeave) -> None:
        self.may_leave = may_leave
        self._account = account
        self._supply = Supply(envelopes)
        self._is_slow = False
        self._outcomes: deque[Outcome] = deque()
        self._connections: list[Connection] = []
        self._idle: list[Connection] = []
        self._departing: deque[Connection] = deque()
        self._openings: list[Opening] = []
        self._opened: SimpleQueue[Opening] = SimpleQueue()
        self._enough = False  # another session could not be had: it goes on with those that there are
        self._next_look = 0.0
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self)

    def run(self) -> Generator[Outcome, None, None]:
        try:
            while True:
                # What was heard is told before others are rendered, which takes its time.
                while self._outcomes:
                    yield self._outcomes.popleft()
                self._fill()
                if self._outcomes:
                    continue
                # Only now: who is killed in between has at most one message a connection that may have left.
                while self._departing:
                    self._departing.popleft().hand_over()
                if self._is_done():
                    return
                if not self._outcomes:
                    self._wait()
        finally:
            self._leave()

    # --- What connections ask (`Desk`) --------------------------------------------------------------------------

    def next_for(self, connection: Connection) -> Envelope | None:
        """The next message for a session that is in use."""
        while (envelope := self._supply.take()) is not None:
            impossible = _impossible(envelope, connection.session)
            if impossible is None:
                return envelope
            self.ended(impossible)
        return None

    def ended(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        if outcome.slow_down:
            self._slow_down()

    def give_back(self, envelope: Envelope) -> None:
        if self._is_slow:
            self._hold(envelope)
        else:
            self._supply.waiting.appendleft(envelope)

    def once_more(self, envelope: Envelope) -> bool:
        if self._is_slow:
            self._hold(envelope)
            return True
        return self._supply.try_again(envelope)

    def is_idle(self, connection: Connection) -> None:
        self._idle.append(connection)

    def may_go(self, connection: Connection) -> None:
        self._departing.append(connection)

    def is_gone(self, connection: Connection) -> None:
        self._connections.remove(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    # --- Messages to connections --------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Give messages to sessions that have none, and open more while there are messages for them."""
        while True:
            for connection in list(self._idle):
                envelope = self._first_for(connection)
                if envelope is not None:
                    self._idle.remove(connection)
                    connection.begin(envelope)
            self._make_room()
            if not (self._may_open() and self._has_work_for_another()):
                return
            self._open()

    def _first_for(self, connection: Connection) -> Envelope | None:
        if self._supply.again and (self._enough or not connection.session.seasoned):
            return self._supply.again.popleft()
        return self.next_for(connection)

    def _make_room(self) -> None:
        """Sessions that are in use and idle stand in the way of a message that is to be tried on a new one."""
        if self._supply.again and self._idle and not (self._enough or self._openings or self._may_open()):
            self._idle[0].drop()

    def _has_work_for_another(self) -> bool:
        """Whether there are more messages than sessions on their way. Takes one to find out."""
        return len(self._supply) > len(self._openings) or self._supply.take_one_more()

    def _may_open(self) -> bool:
        if not self._connections:
            return not self._openings  # the first one shows whether there is a server at all
        return not self._enough and len(self._connections) + len(self._openings) < self._account.server.connections

    def _open(self) -> None:
        session = None if self._supply.again else POOL.take(self._account, time.monotonic())
        if session is not None:
            self._join(session)
            return
        opening = Opening(self._account, self._report)
        self._openings.append(opening)
        opening.start()

    def _join(self, session: Session) -> None:
        connection = Connection(session, self._account.server, self._selector, self)
        self._connections.append(connection)
        self._idle.append(connection)

    def _slow_down(self) -> None:
        """Take no more; what is under way comes to its end, what was not begun is not tried."""
        self._is_slow = True
        for envelope in self._supply.empty():
            self._hold(envelope)

    def _hold(self, envelope: Envelope) -> None:
        self._outcomes.append(held(envelope.delivery_id, "others were told to slow down"))

    # --- Waiting ------------------------------------------------------------------------------------------------

    def _is_done(self) -> bool:
        if self._outcomes or len(self._supply) or not self._supply.is_over:
            return False
        return not any(connection.current for connection in self._connections)

    def _wait(self) -> None:
        for key, _ in self._selector.select(TICK):
            key.data.ready()
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + TICK
            self._look(now)

    def _look(self, now: float) -> None:
        for connection in list(self._connections):
            if connection.is_late(now):
                connection.fail("TimeoutError: timed out")
            elif connection.stalls(now) and self._account.server.connections > 1:
                connection.let_go()
        for opening in list(self._openings):
            if now > opening.deadline:
                opening.abandon()
                self._not_opened(opening)

    # --- Sessions that were opened ------------------------------------------------------------------------------

    def _report(self, opening: Opening) -> None:
        """Called in the opening's thread, and not once it was abandoned."""
        self._opened.put(opening)
        self._rope.send(b".")

    def ready(self) -> None:
        """The bell was rung: a session is open, or cannot be had."""
        self._bell.recv(100)
        while not self._opened.empty():
            opening = self._opened.get()
            if opening not in self._openings:  # it was given up in the very moment
                if opening.session is not None:
                    opening.session.quit()
            elif opening.session is None:
                self._not_opened(opening)
            else:
                self._openings.remove(opening)
                self._join(opening.session)

    def _not_opened(self, opening: Opening) -> None:
        self._openings.remove(opening)
        self._enough = True
        waiting = self._supply.again or self._supply.waiting
        if waiting and not self._connections and not self._openings:
            self.ended(opening.outcome(waiting.popleft().delivery_id))

    def _leave(self) -> None:
        """What is under way is dropped, what is idle goes to the pool."""
        for opening in self._openings:
            opening.abandon()
        for connection in list(self._connections):
            if connection.phase is Phase.IDLE:
                POOL.give(self._account, connection.release(), time.monotonic())
            else:
                connection.drop()
        while not self._opened.empty():
            late = self._opened.get().session
            if late is not None:
                POOL.give(self._account, late, time.monotonic())
        self._selector.close()
        self._bell.close()
        self._rope.close()


def _impossible(envelope: Envelope, session: Session) -> Outcome | None:
    """The outcome of a message that this server cannot be given."""
    if not can_be_said(envelope):
        return unanswered(envelope.delivery_id, Phase.MAIL, "an address that cannot stand in a command")
    if envelope.utf8 and not session.utf8:
        text = "the server does not take international addresses (SMTPUTF8)"
        return refused(envelope.delivery_id, Phase.MAIL, 553, text)
    return None
