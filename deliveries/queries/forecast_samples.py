"""Some of the customers behind a number of a forecast: decided shard by shard, no further than the page asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign
from campaigns.queries.campaigns import read_plan
from deliveries.queries.admission import ChannelDecision
from deliveries.queries.forecast import decisions

ADMITTED = ""


@dataclass(frozen=True)
class Wanted:
    """A part of a forecast: on one channel, those withheld for a reason and what bound them, or the admitted."""

    channel: str
    reason: str = ADMITTED
    bound_by: str = ""


@dataclass(frozen=True)
class Found:
    """One customer by id; when their message is due, if they get it."""

    customer_id: int
    due_at: datetime | None = None


def sample(campaign: Campaign, at: datetime, now: datetime, wanted: Wanted, beyond: int, most: int) -> list[Found]:
    """By id, those with an id above `beyond`, `most` of them. The same decision as the forecast of that moment.

    What it costs is the shards that had to be looked through: one, where the part is large.
    """
    found: list[Found] = []
    for shard in decisions(campaign, read_plan(campaign), at, now, beyond + 1):
        for decided in shard:
            if decided.channel == wanted.channel:
                found += [each for each in _of(decided, wanted) if each.customer_id > beyond]
        if len(found) >= most:
            break
    return sorted(found, key=lambda each: each.customer_id)[:most]


def _of(decided: ChannelDecision, wanted: Wanted) -> Iterator[Found]:
    if wanted.reason == ADMITTED:
        for due in decided.dues:
            yield from (Found(customer_id, due.at) for customer_id in due.members)
    for gate in decided.decision.withheld:
        if (gate.reason, gate.bound_by) == (wanted.reason, wanted.bound_by):
            yield from map(Found, gate.taken)
