"""Local channels: the message is a row of ours, written in the transaction that says that it was sent."""

from collections import Counter
from datetime import datetime

from deliveries.channels.base import Channel
from deliveries.services import ledger
from deliveries.services.preparing import Batch
from deliveries.services.repeating import repeatably
from deliveries.verdicts import settle


def deliver_locally(channel: Channel, batch: Batch, token: str, now: datetime) -> Counter[str]:
    """claimed → sent in one commit with what the channel writes: exactly once, so there is no `sending`."""
    return repeatably(lambda: _deliver(channel, batch, token, now))


def _deliver(channel: Channel, batch: Batch, token: str, now: datetime) -> Counter[str]:
    tried = {ready.tried.delivery_id: ready.tried for ready in batch.ready}
    ids = list(tried)
    ledger.lock(ids)
    may_leave = set(ledger.markable(ids, token, now, batch.transactional))
    outgoing = [ready.outgoing for ready in batch.ready if ready.tried.delivery_id in may_leave]
    outcomes = list(channel.send(outgoing))
    moves = [settle(outcome, tried[outcome.delivery_id], now) for outcome in outcomes]
    ledger.record(moves, token, now, from_claimed=True)
    rest = set(ids) - may_leave
    ledger.withhold_changed(rest, token, now, batch.transactional)
    put_back = ledger.put_back(rest, token)
    counts = Counter(str(outcome.verdict) for outcome in outcomes)
    counts["put_back"] = put_back
    return counts
