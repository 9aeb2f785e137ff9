"""Who did what a campaign wants, and what it does not want, after it went out: the reached and the held out alike.

A dated campaign is counted in people: from the hour of a send on, whoever is in either arm, so that one clock measures
both. A continuous one is counted in firings, from the moment each was due. Sets are met in memory; the database is
asked a fixed number of times, and for the events of the windows alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.queries.ids import id_set, id_sets_by, unpacked
from campaigns.models import Campaign, Firing, Send
from deliveries.models import Delivery, Withheld

#: How many of the latest sends are looked at.
LOOKED_AT = 100
_EVENTS = """
WITH span(send_id, since, until) AS (VALUES {rows})
SELECT span.send_id, e.name, {ids}
FROM span JOIN audiences_event e ON e.name IN ({names}) AND e.occurred_at >= span.since AND e.occurred_at < span.until
{group}
"""
_ROWS = {"postgresql": "(%s::bigint, %s::timestamptz, %s::timestamptz)", "sqlite": "(%s, %s, %s)"}
# By send, then by what the event is called: the ids of those who did it.
Doers = dict[tuple[int, str], BitMap]


@dataclass(frozen=True)
class Arm:
    """Those whom it reached, or those held out: how many, and how many of them did each thing."""

    size: int
    did: dict[str, int]


@dataclass(frozen=True)
class Results:
    """`until`: how long after a send is counted; None: until now."""

    reached: Arm
    held_out: Arm
    within: timedelta | None
    is_of_firings: bool


def results(campaign: Campaign, names: Sequence[str], within: timedelta | None, now: datetime) -> Results:
    """Of its latest sends that began; of these events, each within the time after the send. Four statements."""
    # A campaign may have been made a continuous one, or the other way round: the slots tell its sends apart.
    kind = {"slot__contains": "T"}
    ours = Send.objects.filter(campaign=campaign).exclude(state=Send.State.SCHEDULED)
    begun = ours.exclude(**kind) if campaign.is_continuous else ours.filter(**kind)
    latest = dict(begun.order_by("-due_at", "-id").values_list("pk", "due_at")[:LOOKED_AT])
    sent = Delivery.objects.filter(send__in=list(latest), state=Delivery.State.SENT)
    if campaign.is_continuous:
        reached, held_out = id_set(sent, "firing_id"), BitMap.union(BitMap(), *_held_out(latest).values())
        doers = _firings_followed_by(campaign, names, within)
        arms = [
            _arm({0: members}, {(0, name): doers[name] for name in doers}, names) for members in (reached, held_out)
        ]
    else:
        doers_of = events_after(
            {send_id: (at, at + within if within else now) for send_id, at in latest.items()}, names
        )
        arms = [_arm(sets, doers_of, names) for sets in (id_sets_by(sent, "send_id", "customer_id"), _held_out(latest))]
    return Results(arms[0], arms[1], within, campaign.is_continuous)


def _arm(sets: dict[int, BitMap], doers: Doers, names: Iterable[str]) -> Arm:
    """Each once, however many sends they had."""
    nobody = BitMap()
    did = {
        name: len(
            BitMap.union(nobody, *(members & doers.get((send_id, name), nobody) for send_id, members in sets.items()))
        )
        for name in names
    }
    return Arm(len(BitMap.union(nobody, *sets.values())), did)


def _held_out(sends: Collection[int]) -> dict[int, BitMap]:
    """Once for each send, whatever its channels."""
    rows = Withheld.objects.filter(send__in=list(sends), reason=Withheld.Reason.HELD_OUT)
    found: defaultdict[int, BitMap] = defaultdict(BitMap)
    for send_id, members in rows.values_list("send_id", "members").iterator():
        found[send_id] |= load(members)
    return found


def _firings_followed_by(campaign: Campaign, names: Sequence[str], within: timedelta | None) -> dict[str, BitMap]:
    window = {"customer__events__occurred_at__lt": F("due_at") + within} if within else {}
    followed = Firing.objects.filter(
        campaign=campaign,
        state=Firing.State.DECIDED,
        customer__events__name__in=list(names),
        customer__events__occurred_at__gte=F("due_at"),
        **window,
    )
    return id_sets_by(followed, "customer__events__name")


def events_after(spans: dict[int, tuple[datetime, datetime]], names: Sequence[str]) -> Doers:
    """Who did each thing within each span of time, by the span's id; one statement, by the index of name and time."""
    if not (spans and names):
        return {}
    packs = connection.vendor == "postgresql"
    sql = _EVENTS.format(
        rows=", ".join([_ROWS[connection.vendor]] * len(spans)),
        ids="string_agg(int4send(e.customer_id::int4), ''::bytea)" if packs else "e.customer_id",
        names=", ".join(["%s"] * len(names)),
        group="GROUP BY span.send_id, e.name" if packs else "",
    )
    moment = connection.ops.adapt_datetimefield_value
    given = [value for key, (since, until) in spans.items() for value in (key, moment(since), moment(until))]
    with connection.cursor() as cursor:
        # Only placeholders and our own text are put together here.
        cursor.execute(sql, [*given, *names])
        if packs:
            return {(send_id, name): unpacked(ids) for send_id, name, ids in cursor}
        lists: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for send_id, name, customer_id in cursor:
            lists[send_id, name].append(customer_id)
    return {key: BitMap(ids) for key, ids in lists.items()}
