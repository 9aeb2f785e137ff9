"""What a dead worker left behind is settled exactly, by its flight recorder."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError

from deliveries.channels.base import Outcome, Verdict
from deliveries.channels.registry import channel_class, channel_names
from deliveries.flight_recorder import Flight, abandoned
from deliveries.models import Delivery
from deliveries.services import ledger
from deliveries.services.composing import versions
from deliveries.services.evidence import from_record
from deliveries.services.repeating import patiently, repeatably
from deliveries.services.withdrawals import suppress_bounced
from deliveries.verdicts import Tried, settle

logger = logging.getLogger(__name__)
State = Delivery.State
BEGUN = (State.CLAIMED, State.SENDING, State.UNCERTAIN)
LOST = {"phase": "dot", "text": "its worker was lost while it was leaving"}


def settle_abandoned(now: datetime) -> Counter[str]:
    """Settle the windows of every worker of this machine that died; how many rows of each kind. Safe to do twice.

    not begun ──> planned        answered ──> its outcome        begun and not answered ──> uncertain
    """
    counts: Counter[str] = Counter()
    for left in abandoned(Path(settings.RECORDERS)):
        for flight in left.flights:
            try:
                counts += patiently(lambda: _settle(flight, now))  # noqa: B023 - called at once
            except (OperationalError, InterfaceError):
                raise  # the database is away: the file stays
            except Exception:
                # Nobody must be stopped by it again and again: its rows are settled when their lease runs out.
                logger.exception("the window %s of %s cannot be settled", flight.token, left.path.name)
        left.remove()
    return counts


def _settle(flight: Flight, now: datetime) -> Counter[str]:
    rows = {row.pk: row for row in _begun(flight)}
    outcomes = [_outcome(flight, pk) for pk in sorted(rows.keys() & flight.leaving)]
    _suppress(outcomes, rows, now)
    return repeatably(lambda: _write(flight, outcomes, rows, now))


def _begun(flight: Flight) -> Collection[Delivery]:
    found = Delivery.objects.filter(pk__in=flight.ids, lease_token=flight.token, state__in=BEGUN)
    return found.only("pk", "customer_id", "channel", "version_id", "attempts", "expires_at")


def _outcome(flight: Flight, delivery_id: int) -> Outcome:
    if delivery_id in flight.ended:
        return from_record(delivery_id, flight.ended[delivery_id])
    return Outcome(delivery_id, Verdict.AMBIGUOUS, LOST)


def _write(flight: Flight, outcomes: list[Outcome], rows: Mapping[int, Delivery], now: datetime) -> Counter[str]:
    ledger.lock(rows)
    plans = versions(row.version_id for row in rows.values())
    moves = []
    for outcome in outcomes:
        row = rows[outcome.delivery_id]
        # The channel may be one that the operator has taken out since.
        is_idempotent = row.channel in channel_names() and channel_class(row.channel).is_idempotent
        may_repeat = is_idempotent or plans[row.version_id].plan.may_repeat
        moves.append(settle(outcome, Tried(row.pk, row.attempts, row.expires_at), now, may_repeat=may_repeat))
    ledger.record(moves, flight.token, now)
    not_begun = rows.keys() - flight.leaving
    # Whoever was in its hands when it died may be the reason; the others are not.
    suspects = not_begun & (flight.taken - flight.ended.keys())
    put_back = ledger.put_back(suspects, flight.token, is_suspect=True)
    put_back += ledger.put_back(not_begun - suspects, flight.token)
    return Counter({**Counter(str(outcome.verdict) for outcome in outcomes), "put_back": put_back})


def _suppress(outcomes: list[Outcome], rows: Mapping[int, Delivery], now: datetime) -> None:
    """By itself and before: it takes the locks of shards, which must come before the locks of rows."""
    for outcome in outcomes:
        if outcome.suppress:
            row = rows[outcome.delivery_id]
            suppress_bounced(row.channel, {row.pk: row.customer_id}, now)
