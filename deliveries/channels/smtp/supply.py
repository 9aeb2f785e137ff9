"""The messages of one call: still with the caller, or taken and waiting for a session."""

import time
from collections import deque
from collections.abc import Iterable
from itertools import islice

from deliveries.channels.smtp.envelope import Envelope

#: Messages are rendered when they are taken. Several in a row take half the time of as many in between writes.
AT_ONCE = 16
QUICK = 0.1  # seconds in which a batch is used up by a server that is fast


class Supply:
    """`waiting`: not begun. `again`: lost with a session that had been in use, so that a new one decides."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self.is_over = False  # the caller has no more, or is asked for no more
        self.waiting: deque[Envelope] = deque()
        self.again: deque[Envelope] = deque()
        self._envelopes = iter(envelopes)
        self._tried: set[int] = set()
        self._batch, self._taken_at = 1, 0.0

    def __len__(self) -> int:
        """How many were taken and wait."""
        return len(self.waiting) + len(self.again)

    def take(self) -> Envelope | None:
        if not (self.waiting or self.is_over):
            self.waiting.extend(islice(self._envelopes, self._how_many()))
            self.is_over = not self.waiting
        return self.waiting.popleft() if self.waiting else None

    def _how_many(self) -> int:
        """Few of a server that is slow: what was taken is sent, however long that takes and whatever is stopped."""
        now = time.monotonic()
        self._batch = min(2 * self._batch, AT_ONCE) if now - self._taken_at < QUICK else 1
        self._taken_at = now
        return self._batch

    def take_one_more(self) -> bool:
        """Have one more wait, if there is one."""
        envelope = None if self.is_over else next(self._envelopes, None)
        self.is_over = envelope is None
        if envelope is not None:
            self.waiting.append(envelope)
        return envelope is not None

    def try_again(self, envelope: Envelope) -> bool:
        """Whether it is given another try: one, whatever the sessions say."""
        if envelope.delivery_id in self._tried:
            return False
        self._tried.add(envelope.delivery_id)
        self.again.append(envelope)
        return True

    def empty(self) -> list[Envelope]:
        """Take no more. Returns those that waited."""
        self.is_over = True
        left = [*self.again, *self.waiting]
        self.again.clear()
        self.waiting.clear()
        return left
