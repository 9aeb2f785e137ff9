"""Slots that are spoken for: approved sends of higher order that have not been admitted yet.

Their audiences count as they stand now, less those whom the channel cannot reach, the suppressed, the unsubscribed,
those on hold and the held-out. Their own duplicates and caps are not looked into: that would be a second pass, and
there is only one. Continuous campaigns are left out: nobody knows whom tomorrow's events will be about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import load
from audiences.queries.segments import members_of_each
from campaigns.models import Send
from campaigns.plan import Plan
from campaigns.queries.audiences import cut
from campaigns.queries.sends import approved_sends_between
from deliveries.admission import decide
from deliveries.caps import CapRule, Slot
from deliveries.queries.decided import decided
from deliveries.queries.gates import ShardConsent, consent_gates, hold_gate, holdout_gates
from deliveries.queries.occasions import Occasion, occasion_of, reach_of
from deliveries.queries.rules import WorkspaceRules
from deliveries.slots import SlotSet
from deliveries.timing import place

# The hours by which one local moment is later in the last zone than in the first.
_ROUND_THE_EARTH = timedelta(hours=27)
# A send and what it goes out with.
Supposed = tuple[Send, Plan]


class Others:
    """The other sends and whom they are for, each read when it is first asked for.

    Made anew for each decision: under the lock nothing may be older. Looks ahead at one moment share one.
    """

    def __init__(self) -> None:
        self._pairs: list[Supposed] = []
        self._span: tuple[datetime, datetime] | None = None
        self._members: dict[int, BitMap] = {}

    def between(self, start: datetime, end: datetime) -> list[Supposed]:
        """Approved dated sends that are still to go out."""
        if self._span is None or start < self._span[0] or self._span[1] < end:
            first, last = self._span or (start, end)
            self._span = min(first, start), max(last, end)
            self._pairs = list(_with_plans(approved_sends_between(*self._span)))
        return [pair for pair in self._pairs if start <= pair[0].due_at < end]

    def members(self, segment_ids: set[int]) -> dict[int, BitMap]:
        """At least of these segments."""
        if missing := segment_ids - self._members.keys():
            self._members |= members_of_each(missing)
        return self._members


def _with_plans(sends: Iterable[Send]) -> Iterator[Supposed]:
    for send in sends:
        version = send.version or send.campaign.approved_version
        if version is None or send.state not in (Send.State.SCHEDULED, Send.State.ADMITTING):
            continue
        plan = Plan.from_json(version.plan)
        if not plan.is_continuous:
            yield send, plan


@dataclass(frozen=True)
class Rival:
    """A send of higher order, and its audience of this shard."""

    occasion: Occasion
    members: BitMap


def rivals(
    occasion: Occasion,
    caps: Sequence[CapRule],
    until: datetime,
    now: datetime,
    others: Others,
    supposed: Supposed | None = None,
) -> list[tuple[Occasion, Send]]:
    """Highest order first. `until`: the latest moment at which anyone whom `occasion` is about could be due.

    `supposed`: a send as if it were approved and stood where it says, whatever is stored; for a look ahead alone.
    """
    ahead = [
        (each, send)
        for send, plan in _with(supposed, _candidates(occasion, caps, until, now, others))
        if plan.counts and _is_covered(plan, caps) and _goes_first(each := occasion_of(send, plan), occasion, now)
    ]
    return sorted(ahead, key=lambda pair: pair[0].order)


def audiences_of(
    found: Sequence[tuple[Occasion, Send]], members: BitMap, shard: int, ids: range, others: Others
) -> list[Rival]:
    """Who of `members` each of them is for. Three statements for each that is being admitted at this moment."""
    wanted = {segment for each, _ in found for segment in (*each.plan.include, *each.plan.exclude)}
    segments = others.members(wanted)
    return [Rival(each, _still_open(send, each.plan, segments, shard, ids) & members) for each, send in found]


def _with(supposed: Supposed | None, stored: Iterable[Supposed]) -> list[Supposed]:
    if supposed is None:
        return list(stored)
    return [*(pair for pair in stored if pair[0].pk != supposed[0].pk), supposed]


def _goes_first(rival: Occasion, occasion: Occasion, now: datetime) -> bool:
    """By order; or, in a forecast, because its hour lies between now and then: it will have taken its slots.

    In a real admission nothing lies in between: a send of lower order that is late waits its turn.
    """
    return rival.order < occasion.order or now < rival.schedule.due_at < occasion.schedule.due_at


def _candidates(
    occasion: Occasion, caps: Sequence[CapRule], until: datetime, now: datetime, others: Others
) -> Iterator[Supposed]:
    longest = max(cap.length for cap in caps)
    # A send that is late by more than the grace is missed: it needs no slot.
    start = min(now, occasion.schedule.due_at) - timedelta(minutes=settings.GRACE_MINUTES)
    for send, plan in others.between(start - _ROUND_THE_EARTH, until + longest):
        if send.pk != occasion.send_id and (send.local_due or send.due_at >= start):
            yield send, plan


def _is_covered(plan: Plan, caps: Sequence[CapRule]) -> bool:
    reach = [reach_of(plan, channel) for channel in plan.channels]
    return any(cap.covers(each) for cap in caps for each in reach)


def _still_open(send: Send, plan: Plan, segments: dict[int, BitMap], shard: int, ids: range) -> BitMap:
    """Who of its audience has not been decided on: those who have hold their slots, or have none, by the ledger."""
    if send.state == Send.State.SCHEDULED:
        return cut(segments, plan.include, plan.exclude)
    return load(send.audience) - decided(send.pk, shard, ids)


def spoken_slots(
    rival: Rival, zones: Mapping[ZoneInfo, BitMap], allows: ShardConsent, rules: WorkspaceRules, now: datetime
) -> Iterator[SlotSet]:
    """One set for each channel and moment."""
    plan, occasion, reached = rival.occasion.plan, rival.occasion, BitMap()
    for channel in plan.channels:
        gates = [
            *consent_gates(plan, channel, rival.members, allows),
            *hold_gate(plan, zones, occasion.schedule, now, allows),
            *holdout_gates(plan, occasion.campaign_id, rival.members, rules),
        ]
        left = decide(rival.members, gates).admitted - reached
        reached |= left if plan.reach == "first" else BitMap()
        quiet = rules.quiet.get(channel) if plan.quiet_hours_apply else None
        among = {zone: here for zone, everyone in zones.items() if (here := everyone & left)}
        for due in place(among, occasion.schedule, quiet, now).dues:
            yield SlotSet(
                Slot(due.at, occasion.reach_on(channel)),
                due.members,
                source=f"{occasion.send_id}/{channel}",
                winner=f"campaign:{occasion.campaign_id}",
            )
