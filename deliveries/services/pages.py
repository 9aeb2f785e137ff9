"""A page of the ledger: what became of one window, from its worker's own hand or from the flight recorder it left."""

from collections.abc import Sequence
from datetime import datetime

from deliveries.channels.base import Outcome
from deliveries.queries.due import expiries
from deliveries.services import ledger
from deliveries.services.claiming import Window
from deliveries.services.repeating import patiently
from deliveries.services.rescheduling import Late, reschedule, to_be_retried
from deliveries.services.windows import Sent
from deliveries.services.withdrawals import suppress_bounced
from deliveries.verdicts import MAY_COME_AGAIN, Move, Tried, settle


def prepare(sent: Sent, now: datetime) -> list[Move]:
    """The moves that are left to write down. By itself and before: what it does takes the locks of shards, which must
    come before the locks of rows. Those whose next try is far away are moved here: their slot is tested again."""
    patiently(lambda: _suppress(sent, now))
    near, far = decide(sent.window, sent.outcomes, now)
    reschedule(far, sent.window.token, now, from_claimed=False)
    return near


def decide(window: Window, outcomes: Sequence[Outcome], now: datetime) -> tuple[list[Move], list[Late]]:
    """What the outcomes make of their rows; apart from the others, those whose next try needs its slot tested."""
    near, far = list[Move](), list[Late]()
    again = patiently(lambda: expiries(each.delivery_id for each in outcomes if each.verdict in MAY_COME_AGAIN))
    for outcome in outcomes:
        row = window.ready[outcome.delivery_id]
        tried = Tried(row.id, row.attempts, again.get(row.id))
        move = settle(outcome, tried, now, may_repeat=window.may_repeat(row))
        if move.due_at and (late := to_be_retried(window.another_moment(row, again[row.id], now), move, now)):
            far.append(late)
        else:
            near.append(move)
    return near, far


def write_down(sent: Sent, moves: list[Move], now: datetime) -> int:
    """What `prepare` left, and what goes back, in a transaction that holds the rows. How many went back."""
    token = sent.window.token
    ledger.record(moves, token, now)
    put_back = ledger.put_back(sent.put_back, token)
    return put_back + ledger.put_back(sent.suspects, token, is_suspect=True)


def _suppress(sent: Sent, now: datetime) -> None:
    for outcome in sent.outcomes:
        if outcome.suppress:
            row = sent.window.ready[outcome.delivery_id]
            suppress_bounced(row.channel, {row.id: row.customer_id}, now)
