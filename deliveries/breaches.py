"""Who a frequency cap stops, who waits for it, and who yields to a send of higher order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from deliveries.admission import REASONS, Gate
from deliveries.caps import CapRule, Slot, frees_at, share_a_window
from deliveries.quiet_hours import QuietPeriod, next_allowed
from deliveries.slots import Holding, SlotSet, crowded, split_by
from deliveries.timing import Due


@dataclass(frozen=True)
class Taken:
    """Every slot that can matter to the customers of one shard.

    `held`: slots of the ledger, disjoint sets of customers; someone in none of them holds too few slots for any cap.
    `carried`: slots of this same send on earlier channels. `spoken`: for sends of higher order, highest first.
    """

    held: Sequence[Holding] = ()
    carried: Sequence[SlotSet] = ()
    spoken: Sequence[SlotSet] = ()


@dataclass(frozen=True)
class Rules:
    """The caps that cover the message, in the order in which they are named, and what a breach leads to."""

    caps: Sequence[CapRule]
    defers: bool
    quiet: QuietPeriod | None


@dataclass
class Breaches:
    """Gates in the order of their reasons, and the moments of those who are left; a deferral moved some of them."""

    dues: list[Due] = field(default_factory=list)
    _taken: defaultdict[tuple[str, str], list[BitMap]] = field(default_factory=lambda: defaultdict(list))

    def stop(self, reason: str, bound_by: str, members: BitMap) -> None:
        if members:
            self._taken[reason, bound_by].append(members)

    def gates(self) -> list[Gate]:
        gates = [Gate(*name, BitMap.union(*sets)) for name, sets in self._taken.items()]
        # Within one reason the sets are disjoint: whichever comes first changes nothing.
        return sorted(gates, key=lambda gate: (REASONS.index(gate.reason), gate.bound_by))


def find_breaches(dues: Sequence[Due], rules: Rules, taken: Taken) -> Breaches:
    """Decide for everyone in `dues` whether the caps let them have the message at their moment."""
    breaches = Breaches()
    for due in dues:
        left = due.members
        for holding in taken.held if rules.caps else ():
            if members := left & holding.members:
                _judge(replace(due, members=members), holding.slots, rules, taken, breaches)
                left = left - members
        _judge(replace(due, members=left), (), rules, taken, breaches)
    return breaches


def _judge(due: Due, held: Sequence[Slot], rules: Rules, taken: Taken, breaches: Breaches) -> None:
    """One set of customers with the same moment and the same slots in the ledger."""
    left = due.members
    for cap in rules.caps:
        full = crowded(cap, due.at, due.zone, held, taken.carried, left)
        left = left - full
        if rules.defers and full:
            _defer(replace(due, members=full), held, rules, taken, breaches)
        else:
            breaches.stop("capped", f"cap:{cap.id}", full)
    _arbitrate(replace(due, members=left), held, rules, taken, breaches)


def _defer(due: Due, held: Sequence[Slot], rules: Rules, taken: Taken, breaches: Breaches) -> None:
    for part in split_by(taken.carried, due.members):
        at, cap = settle(due.at, due.zone, (*held, *part.slots), rules)
        if at is None:
            # A limit of 0 frees for nobody: they are capped, there is nothing to wait for.
            breaches.stop("capped", f"cap:{cap}", part.members)
        elif at >= due.expires_at:
            breaches.stop("expired", f"cap:{cap}", part.members)
        else:
            _arbitrate(replace(due, at=at, members=part.members), held, rules, taken, breaches)


def settle(at: datetime, zone: ZoneInfo, slots: Sequence[Slot], rules: Rules) -> tuple[datetime | None, int]:
    """The first instant from `at` on that every cap and the quiet hours allow, and the cap that moved it last.

    None where a cap never frees. Every step goes forward to the end of a blocked stretch, so it comes to an end.
    """
    moved_by, before = 0, None
    while at != before:
        before = at = next_allowed(at, zone, rules.quiet)
        for cap in rules.caps:
            freed = frees_at(cap.times(slots), at, cap, zone)
            if freed != at:
                moved_by = cap.id
            if freed is None:
                return None, cap.id
            at = freed
    return at, moved_by


def _arbitrate(due: Due, held: Sequence[Slot], rules: Rules, taken: Taken, breaches: Breaches) -> None:
    """No cap stops them as things are. Withhold those whose last slots are spoken for; admit the rest."""
    left = due.members
    for cap in rules.caps if taken.spoken else ():
        sets = chain(taken.carried, taken.spoken)
        losers = crowded(cap, due.at, due.zone, held, sets, left)
        left = left - losers
        for rival in taken.spoken:
            if not losers:
                break
            if cap.covers(rival.slot.reach) and share_a_window(rival.slot.at, due.at, cap, due.zone):
                breaches.stop("yielded", rival.winner, losers & rival.members)
                losers = losers - rival.members
    if left:
        breaches.dues.append(replace(due, members=left))
