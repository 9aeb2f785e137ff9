"""Who is at a cap before and after a send is moved: admission run dry at both moments. Nothing is written or locked.

A move changes something for customers of the moved send alone: in it, and in the sends that come after it in the order
of arbitration. The send itself is counted exactly. Of the others, those count that it may take slots from under some
cap, the ones with the most customers in common first, as many as `_limit` allows; of each the shared customers alone.
The send counts as approved at both moments, so that the difference is the move's.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from pyroaring import BitMap

from audiences.bitmaps import shards
from campaigns.models import Send
from campaigns.overlap import Side
from campaigns.plan import CONTINUOUS, Plan
from campaigns.queries.campaigns import read_plan
from campaigns.slots import Slot
from deliveries.caps import CapRule, Reach
from deliveries.queries.admission import ChannelDecision, Shard, decide_shard
from deliveries.queries.looks import Look
from deliveries.queries.occasions import Occasion, occasion_of, reach_of
from deliveries.queries.rivals import Others
from deliveries.queries.rules import WorkspaceRules, workspace_rules

AT_CAP = ("capped", "yielded")
MOST_NEIGHBOURS = 5
# What the neighbours may cost at each moment: a decision for each of their shards, and in it a look at each send near.
# A large audience, or a full calendar, is compared with fewer of them.
MOST_DECISIONS = 40
MOST_LOOKS = 1_000
# Quiet hours, zones and calendar weeks bring messages nearer to each other than their sends are.
_SLACK = timedelta(days=2)


@dataclass(frozen=True)
class AtCap:
    """Different people of the send's audience: at cap in it or in one of its neighbours, and reached by it."""

    before: int
    after: int
    reached_before: int
    reached_after: int
    neighbours: int


@dataclass(frozen=True)
class Neighbour:
    """A send that the moved one may take slots from, and the customers that it shares with it."""

    occasion: Occasion
    shared: BitMap


def at_cap_by_move(send: Send, slot: Slot, sides: Sequence[Side], now: datetime) -> AtCap:
    """`send` with its campaign; `sides`: every campaign as the overlap checker sees it, read a moment ago."""
    plan, rules = read_plan(send.campaign), workspace_rules()
    everyone = next((side.audience for side in sides if side.campaign_id == send.campaign_id), BitMap())
    there = copy(send)
    there.due_at, there.local_due = slot.due_at, slot.local_due
    neighbours = _neighbours((send, there), plan, everyone, sides, rules, now)
    moments = [_Moment(supposed, BitMap(), BitMap()) for supposed in ((send, plan), (there, plan))]
    size, others = settings.SHARD_SIZE, Others()
    for number in shards(everyone, size):
        ids = range(number * size, (number + 1) * size)
        shard = Shard(number, ids, everyone & BitMap(ids))
        look = Look(number, ids, shard.members, rules, now, others)
        for each in moments:
            _look(each, shard, neighbours, look)
    before, after = moments
    return AtCap(len(before.held), len(after.held), len(before.reached), len(after.reached), len(neighbours))


@dataclass
class _Moment:
    """The send where it is or would be; who is at cap in any of them, and whom it reaches itself, so far."""

    supposed: tuple[Send, Plan]
    held: BitMap
    reached: BitMap


def _look(moment: _Moment, shard: Shard, neighbours: list[Neighbour], look: Look) -> None:
    own = decide_shard(occasion_of(*moment.supposed), shard, look.rules, look.now, look)
    moment.reached |= BitMap.union(BitMap(), *(each.decision.admitted for each in own))
    moment.held |= _held(own)
    for each in neighbours:
        if shared := each.shared & shard.members:
            here = replace(shard, members=shared)
            moment.held |= _held(decide_shard(each.occasion, here, look.rules, look.now, look, moment.supposed))


def _held(decisions: Sequence[ChannelDecision]) -> BitMap:
    gates = (gate for each in decisions for gate in each.decision.withheld if gate.reason in AT_CAP)
    return BitMap.union(BitMap(), *(gate.taken for gate in gates))


def _neighbours(
    moments: tuple[Send, Send],
    plan: Plan,
    everyone: BitMap,
    sides: Sequence[Side],
    rules: WorkspaceRules,
    now: datetime,
) -> list[Neighbour]:
    caps = [cap for cap in rules.caps if any(cap.covers(reach_of(plan, channel)) for channel in plan.channels)]
    if not caps or not plan.counts:
        return []
    shared = {side.campaign_id: both for side in sides if (both := side.audience & everyone)}
    rows = _sends_near(moments, max(cap.length for cap in caps) + _SLACK, shared)
    near = len(rows)
    rows = [row for row in rows if _is_under(row, caps) and _comes_after(row, moments, plan, now)]
    rows.sort(key=lambda row: (-len(shared[row.campaign_id]), abs(row.due_at - moments[1].due_at), row.pk))
    return [Neighbour(occasion_of(row, _plan(row)), shared[row.campaign_id]) for row in rows[: _limit(everyone, near)]]


def _sends_near(moments: tuple[Send, Send], window: timedelta, shared: dict[int, BitMap]) -> list[Send]:
    early, late = sorted(each.due_at for each in moments)
    near = Send.objects.filter(
        state=Send.State.SCHEDULED,
        campaign__in=list(shared),
        due_at__gt=early - window,
        due_at__lt=late + window,
    )
    dated = near.exclude(pk=moments[0].pk).exclude(campaign__trigger__in=CONTINUOUS)
    return list(dated.select_related("campaign__approved_version").defer("audience"))


def _is_under(row: Send, caps: Sequence[CapRule]) -> bool:
    campaign = row.campaign
    reaches = [Reach(channel, campaign.topic_id, campaign.team_id) for channel in campaign.channels]
    obeys = campaign.obeys_caps and not campaign.transactional
    return obeys and any(cap.covers(reach) for cap in caps for reach in reaches)


def _comes_after(row: Send, moments: tuple[Send, Send], plan: Plan, now: datetime) -> bool:
    """In the order of arbitration, or by the clock, at one moment or the other; by its row, which costs no query."""
    theirs = (-row.campaign.priority, row.due_at, row.campaign_id, row.pk)
    mine = [(-plan.priority, each.due_at, each.campaign_id, each.pk) for each in moments]
    return any(each < theirs or now < each[1] < row.due_at for each in mine)


def _plan(row: Send) -> Plan:
    """What it would go out with: the approved version, or for a draft what it says now."""
    version = row.campaign.approved_version
    return Plan.from_json(version.plan) if version else read_plan(row.campaign)


def _limit(everyone: BitMap, near: int) -> int:
    parts = max(1, sum(1 for _ in shards(everyone, settings.SHARD_SIZE)))
    return max(1, min(MOST_NEIGHBOURS, MOST_DECISIONS // parts, MOST_LOOKS // (parts * max(1, near))))
