"""The decision on one shard: facts in, outcomes out. Admission and forecast both come here; only admission writes.

Called under the shard's lock it reads what nobody else can change; called without, it is the forecast. Every set is
of the customers of one id range, so memory and work are bounded by the shard, whatever the audience.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from deliveries.admission import Decision, decide
from deliveries.breaches import Breaches, Rules, Taken, find_breaches
from deliveries.caps import CapRule, Slot
from deliveries.queries.gates import consent_gates, duplicate_gate, hold_gate, holdout_gates, reached_gate
from deliveries.queries.looks import Look
from deliveries.queries.occasions import Occasion
from deliveries.queries.rivals import Others, Supposed, rivals
from deliveries.queries.rules import WorkspaceRules
from deliveries.queries.slots import held_slots
from deliveries.slots import Holding, SlotSet
from deliveries.timing import Due, Placed, among, place


@dataclass(frozen=True)
class Shard:
    """The customers of one id range who are decided on together."""

    number: int
    ids: range
    members: BitMap


@dataclass(frozen=True)
class ChannelDecision:
    """What was decided on one channel: the outcomes, and when the admitted are due."""

    channel: str
    decision: Decision
    dues: Sequence[Due]


def decide_shard(
    occasion: Occasion,
    shard: Shard,
    rules: WorkspaceRules,
    now: datetime,
    look: Look | None = None,
    supposed: Supposed | None = None,
) -> list[ChannelDecision]:
    """One decision per channel, in the plan's order. The later channel sees the slots that the earlier one took.

    The last two are for looks ahead: what several of them in a row have in common, and a rival as if it were approved
    and stood elsewhere.
    """
    look = look or Look(shard.number, shard.ids, shard.members, rules, now, Others())
    return _ShardDecision(occasion, shard, rules, now, look, supposed).channels()


class _ShardDecision:
    """The sets that the channels of one decision share."""

    def __init__(
        self,
        occasion: Occasion,
        shard: Shard,
        rules: WorkspaceRules,
        now: datetime,
        look: Look,
        supposed: Supposed | None,
    ) -> None:
        self.occasion, self.plan, self.shard = occasion, occasion.plan, shard
        self.rules, self.now, self.look, self.supposed = rules, now, look, supposed
        # A forecast looks ahead: it decides as if it were the hour of the send.
        self.moment = max(now, occasion.schedule.due_at)
        self.allows = look.allows
        self.duplicates = duplicate_gate(occasion, shard.ids, occasion.schedule.due_at)
        self.holdouts = holdout_gates(self.plan, occasion.campaign_id, shard.members, rules)
        self.zones = self._zones()
        self.holds = hold_gate(self.plan, self.zones, occasion.schedule, self.moment, self.allows)
        self.reached: dict[str, BitMap] = {}
        self.carried: list[SlotSet] = []

    def _zones(self) -> dict[ZoneInfo, BitMap]:
        """Everybody in the workspace's zone, unless something depends on their own."""
        quiet_matters = self.plan.quiet_hours_apply and any(name in self.rules.quiet for name in self.plan.channels)
        # Calendar caps count the customer's own days, and a rival may go out at their own hour.
        caps_matter = self.plan.caps_apply and bool(self.rules.caps)
        if quiet_matters or caps_matter or self.occasion.schedule.local is not None:
            return {zone: here for zone, everyone in self.look.zones.items() if (here := everyone & self.shard.members)}
        return {self.rules.zone: self.shard.members}

    def channels(self) -> list[ChannelDecision]:
        return [self._decide(channel) for channel in self.plan.channels]

    def _decide(self, channel: str) -> ChannelDecision:
        members, quiet = self.shard.members, self.rules.quiet.get(channel) if self.plan.quiet_hours_apply else None
        about_them = [
            *consent_gates(self.plan, channel, members, self.allows),
            *self.holds,
            *reached_gate(self.plan, self.reached),
            *self.duplicates,
            *self.holdouts,
        ]
        left = decide(members, about_them).admitted
        zones = {zone: here for zone, everyone in self.zones.items() if (here := everyone & left)}
        placed = place(zones, self.occasion.schedule, quiet, self.moment)
        breaches = self._breaches(channel, placed)
        decision = decide(members, [*about_them, *placed.gates, *breaches.gates()])
        dues = among(breaches.dues, decision.admitted)
        self._carry(channel, decision, dues)
        return ChannelDecision(channel, decision, dues)

    def _breaches(self, channel: str, placed: Placed) -> Breaches:
        caps = self.rules.caps_over(self.occasion.reach_on(channel)) if self.plan.caps_apply else []
        if not caps or not placed.dues:
            return Breaches(dues=list(placed.dues))
        defers = self.plan.on_breach == "defer"
        until = max(due.expires_at for due in placed.dues) if defers else placed.latest
        taken = self._taken(caps, placed, until)
        quiet = self.rules.quiet.get(channel) if self.plan.quiet_hours_apply else None
        return find_breaches(placed.dues, Rules(caps, defers, quiet), taken)

    def _taken(self, caps: list[CapRule], placed: Placed, until: datetime) -> Taken:
        left = BitMap.union(*(due.members for due in placed.dues))
        spoken = self.look.spoken(rivals(self.occasion, caps, until, self.now, self.look.others, self.supposed), left)
        needed = {cap.id: _needed(cap, [*self.carried, *spoken]) for cap in caps}
        held = held_slots(self.shard.ids, caps, needed, placed.earliest, until)
        return Taken(_of(held, left), self.carried, spoken)

    def _carry(self, channel: str, decision: Decision, dues: Sequence[Due]) -> None:
        self.reached[channel] = decision.admitted
        if self.plan.counts:
            reach = self.occasion.reach_on(channel)
            self.carried += [SlotSet(Slot(due.at, reach), due.members, source=channel) for due in dues]


def _needed(cap: CapRule, sets: Sequence[SlotSet]) -> int:
    """How many slots someone must hold in the ledger before this cap can stop them, with all that comes on top."""
    on_top = len({each.source for each in sets if cap.covers(each.slot.reach)})
    return max(1, cap.limit - on_top)


def _of(held: Sequence[Holding], members: BitMap) -> list[Holding]:
    cut = (Holding(holding.slots, holding.members & members) for holding in held)
    return [holding for holding in cut if holding.members]
