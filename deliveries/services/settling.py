"""What a dead worker left behind is settled exactly, by its flight recorder."""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError

from deliveries.channels.base import Outcome, Verdict
from deliveries.flight_recorder import Flight, abandoned
from deliveries.models import Delivery
from deliveries.queries.due import rows_of
from deliveries.services import breakers, finishing, ledger
from deliveries.services.claiming import Known, Window
from deliveries.services.evidence import from_record
from deliveries.services.pages import prepare, write_down
from deliveries.services.repeating import patiently, repeatably
from deliveries.services.windows import Sent, Stop
from deliveries.verdicts import Move

logger = logging.getLogger(__name__)
State = Delivery.State
BEGUN = (State.CLAIMED, State.SENDING, State.UNCERTAIN)
LOST = {"phase": "dot", "text": "its worker was lost while it was leaving"}


def settle_abandoned(now: datetime) -> Counter[str]:
    """Settle the windows of every worker of this machine that died; how many rows of each kind. Safe to do twice.

    answered ──> its outcome        leaving and not answered ──> uncertain        neither ──> planned
    """
    counts: Counter[str] = Counter()
    for left in abandoned(Path(settings.RECORDERS)):
        for flight in left.flights:
            try:
                counts += _settle(flight, min(now, left.written_at), now)
            except (OperationalError, InterfaceError):
                raise  # the database is away: the file stays
            except Exception:
                # Nobody must be stopped by it again and again: its rows are settled when their lease runs out.
                logger.exception("the window %s of %s cannot be settled", flight.token, left.path.name)
        left.remove()
    return counts


def _settle(flight: Flight, written_at: datetime, now: datetime) -> Counter[str]:
    begun = patiently(lambda: set(_begun(flight)))
    if not begun:
        return Counter()
    sent = patiently(lambda: _sent(flight, begun, now))
    if sent.stop is Stop.SLOW_DOWN:
        # Before its row is written down, after which nobody would find it again. As of when it was said: the other side
        # may have asked for patience hours ago.
        name = next(iter(sent.window.ready.values())).channel
        patiently(lambda: breakers.note_slow_down(name, sent.problem, written_at, sent.retry_after))
    moves = prepare(sent, now)
    put_back = repeatably(lambda: _write(sent, moves, now))
    return Counter({**Counter(str(outcome.verdict) for outcome in sent.outcomes), "put_back": put_back})


def _sent(flight: Flight, begun: set[int], now: datetime) -> Sent:
    """What the worker itself would say of its window, as far as its rows are still its own."""
    answered = begun & (flight.leaving | flight.ended.keys())
    window = Window(flight.token, Known(), ready={row.id: row for row in rows_of(answered, now)})
    window.known.learn({row.version_id for row in window.ready.values()})
    sent = Sent(window)
    for delivery_id in window.ready:
        sent.add(_outcome(flight, delivery_id))
    # Whoever was in its hands when it died may be the reason; the others are not.
    sent.suspects = (begun - answered) & flight.taken
    sent.put_back |= begun - answered - sent.suspects
    return sent


def _begun(flight: Flight) -> Iterable[int]:
    found = Delivery.objects.filter(pk__in=flight.ids, lease_token=flight.token, state__in=BEGUN)
    return found.values_list("pk", flat=True)


def _outcome(flight: Flight, delivery_id: int) -> Outcome:
    if delivery_id in flight.ended:
        return from_record(delivery_id, flight.ended[delivery_id])
    return Outcome(delivery_id, Verdict.AMBIGUOUS, LOST)


def _write(sent: Sent, moves: list[Move], now: datetime) -> int:
    # Long after they were lost, their send may be over. Not before it: with nothing open it would close again.
    again = {move.delivery_id for move in moves if move.state == State.PLANNED}
    finishing.reopen(again | sent.put_back | sent.suspects, now)
    ledger.lock({*sent.window.ready, *sent.put_back, *sent.suspects})
    return write_down(sent, moves, now)
