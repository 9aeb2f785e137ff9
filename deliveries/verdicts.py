"""What a verdict means for a delivery: a pure function from what the channel said to the next state.

A channel says what it saw; whether that is tried again, and when, is decided here and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from deliveries.channels.base import Outcome, Verdict
from deliveries.failing import BOUNCED

MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
# The verdicts after which a message may be tried again.
MAY_COME_AGAIN = frozenset({Verdict.DEFERRED, Verdict.AMBIGUOUS})
# A channel that asks for patience is asked again soon: it is the channel that waits, not the message that failed.
SLOW_DOWN_WAIT = timedelta(seconds=15)
# Where the dialogue was about this very message already, it may be the reason: one recipient who is always answered
# with 454 would otherwise shut the channel for everybody, every quarter of a minute, until it expires.
ABOUT_THE_MESSAGE = frozenset({"rcpt", "data", "body", "dot"})


class Tried(NamedTuple):
    """What a decision needs to know of the delivery that was tried."""

    delivery_id: int
    attempts: int  # before this try
    expires_at: datetime | None  # asked for where the verdict is one of `MAY_COME_AGAIN`


class Move(NamedTuple):
    """One row's next state. `due_at`, `closes_at` or `evidence` None leaves it as it is."""

    delivery_id: int
    state: str
    attempts: int
    reason: str = ""
    due_at: datetime | None = None
    closes_at: datetime | None = None
    evidence: Mapping[str, Any] | None = None
    is_repeat: bool = False  # it may have left before, and goes again on purpose


def settle(outcome: Outcome, tried: Tried, now: datetime, *, may_repeat: bool = False) -> Move:
    """The move that an outcome asks for; `HELD` is none, such a row is put back.

    `may_repeat`: an ambiguous one goes again, because the other side knows a repeat by its Message-ID, or because its
    campaign would rather have it twice than not at all.
    """
    if outcome.verdict is Verdict.ACCEPTED:
        return _move(outcome, tried, "sent")
    if outcome.verdict is Verdict.REJECTED:
        return _move(outcome, tried, "failed", reason=_refusal(outcome))
    if outcome.verdict is Verdict.DEFERRED:
        return _again(outcome, tried, now, gave_up="failed")
    if may_repeat:
        return _again(outcome, tried, now, gave_up="uncertain")._replace(is_repeat=True)
    return _move(outcome, tried, "uncertain", reason=_told(outcome))


def wait(delivery_id: int, tries: int) -> timedelta:
    """How long to wait after so many tries: 1, 3, 9, ... minutes up to 4 hours, and up to a fifth longer by id.

    The spread comes from the id (Knuth's multiplicative hash), so that a thousand messages that failed together
    do not come back together, and a test sees the same spread every time.
    """
    steps: timedelta = min(FIRST_WAIT * 3 ** min(tries - 1, MAX_ATTEMPTS), LONGEST_WAIT)
    spread = (delivery_id * 2654435761 % 2**32) / 2**32
    return steps * (1 + spread / 5)


def _again(outcome: Outcome, tried: Tried, now: datetime, *, gave_up: str) -> Move:
    is_the_channels = outcome.slow_down and outcome.evidence.get("phase") not in ABOUT_THE_MESSAGE
    tries = tried.attempts if is_the_channels else tried.attempts + 1
    if tries >= MAX_ATTEMPTS:
        return _move(outcome, tried, gave_up, reason=f"gave up after {tries} tries: {_told(outcome)}")
    due_at = now + (SLOW_DOWN_WAIT if is_the_channels else wait(tried.delivery_id, tries))
    if tried.expires_at is None or due_at >= tried.expires_at:
        # One that may have left keeps its slot, and nobody is told that it did not.
        too_late = gave_up if outcome.verdict is Verdict.AMBIGUOUS else "expired"
        return _move(outcome, tried, too_late, reason=f"the next try would be too late: {_told(outcome)}")
    return Move(tried.delivery_id, "planned", tries, due_at=due_at, evidence=outcome.evidence)


def _move(outcome: Outcome, tried: Tried, state: str, reason: str = "") -> Move:
    return Move(tried.delivery_id, state, tried.attempts + 1, reason=reason[:200], evidence=outcome.evidence)


def _refusal(outcome: Outcome) -> str:
    """A hard bounce is marked: a campaign with too many of them pauses itself."""
    return f"{BOUNCED if outcome.suppress == 'bounce' else ''}{_told(outcome)}"


def _told(outcome: Outcome) -> str:
    return str(outcome.evidence.get("text") or outcome.evidence.get("phase") or outcome.verdict)
