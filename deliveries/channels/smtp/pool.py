"""Sessions that outlive a dispatch: one pool a process, shared by its threads, never by its forks."""

import atexit
import os
import threading
from collections import defaultdict

from deliveries.channels.smtp.session import Account, Session

#: Servers close what idles for minutes. Half a minute spans the pause between two looks at what is due.
IDLE_SECONDS = 30


class Pool:
    """Idle sessions by account, the freshest last. `now` is of the monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Account, list[Session]] = defaultdict(list)

    def take(self, account: Account, now: float) -> Session | None:
        """The session that idled for the shortest time, if there is one that is still good."""
        self._throw_away(now - IDLE_SECONDS)
        while session := self._freshest(account):
            if session.is_quiet():
                return session
            session.sock.close()
        return None

    def give(self, account: Account, session: Session, now: float) -> None:
        session.idle_since, session.seasoned = now, True
        with self._lock:
            self._idle[account].append(session)
        self._throw_away(now - IDLE_SECONDS)

    def empty(self) -> None:
        """Take leave of every server."""
        self._throw_away(float("inf"))

    def after_fork(self) -> None:
        """The sessions are the parent's: this process closes its copies without a word to the servers."""
        self._lock = threading.Lock()  # a thread that is not here may have held the old one
        for session in self._without(float("inf")):
            session.sock.close()

    def _freshest(self, account: Account) -> Session | None:
        with self._lock:
            idle = self._idle.get(account)
            return idle.pop() if idle else None

    def _throw_away(self, before: float) -> None:
        with self._lock:
            old = self._without(before)
        for session in old:
            session.quit()

    def _without(self, before: float) -> list[Session]:
        old: list[Session] = []
        for idle in self._idle.values():
            old += [session for session in idle if session.idle_since < before]
            idle[:] = [session for session in idle if session.idle_since >= before]
        return old


POOL = Pool()
os.register_at_fork(after_in_child=POOL.after_fork)
atexit.register(POOL.empty)
