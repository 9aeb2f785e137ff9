"""The gates about the customer: can they be reached, do they want it, did they have it, are they held out."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from audiences.queries import consent, customers, holds
from audiences.queries.ids import id_set
from campaigns.plan import Plan
from deliveries.admission import Gate
from deliveries.channels.registry import channel_class
from deliveries.holdout import held_out
from deliveries.models import Delivery
from deliveries.queries.occasions import Occasion
from deliveries.queries.rules import WorkspaceRules
from deliveries.timing import Schedule

T = TypeVar("T")
# Weekly at nine by the clock is an hour less than a week when clocks go forward.
_CLOCK_CHANGE = timedelta(hours=2)


class ShardConsent:
    """What the customers of one id range allow, each set read at most once however many sends ask for it."""

    def __init__(self, ids: range) -> None:
        self.ids = ids
        alive = _once(lambda: customers.alive(ids))
        self._reachable = _once(lambda field: customers.reachable(field, ids))
        self.suppressed = _once(lambda channel: consent.suppressed(channel, ids))
        self.hard_bounced = _once(lambda channel: consent.hard_bounced(channel, ids))
        # Who is on hold at a moment, by when that ends.
        self.holds = _once(lambda now: holds.on_hold(ids, now))
        self.subscribed = _once(lambda topic_id, channel: consent.subscribed(topic_id, channel, ids, alive))

    def reachable(self, channel: str) -> BitMap:
        return self._reachable(channel_class(channel).address_field)


def _once(read: Callable[..., T]) -> Callable[..., T]:
    return lru_cache(maxsize=None)(read)


def consent_gates(plan: Plan, channel: str, members: BitMap, allows: ShardConsent) -> list[Gate]:
    """`unreachable`, `suppressed`, `unsubscribed`. A transactional message heeds a hard bounce alone."""
    unreachable = Gate("unreachable", "", members - allows.reachable(channel))
    if plan.transactional:
        return [unreachable, Gate("suppressed", "", allows.hard_bounced(channel))]
    silent = members - allows.subscribed(plan.topic_id, channel)
    return [
        unreachable,
        Gate("suppressed", "", allows.suppressed(channel)),
        Gate("unsubscribed", f"topic:{plan.topic_id}", silent),
    ]


def hold_gate(
    plan: Plan, zones: Mapping[ZoneInfo, BitMap], schedule: Schedule, now: datetime, allows: ShardConsent
) -> list[Gate]:
    """`on_hold`: until after their hour, or until after now where that has passed. Marketing alone."""
    if plan.transactional:
        return []
    taken = BitMap()
    for until, held in allows.holds(now).items():
        for zone, members in zones.items():
            if until is None or until > max(now, schedule.due_in(zone)):
                taken |= members & held
    return [Gate("on_hold", "", taken)]


def reached_gate(plan: Plan, reached: dict[str, BitMap]) -> list[Gate]:
    """`other_channel`, where the first channel that reaches them is enough; `reached`: by each earlier channel."""
    if plan.reach != "first":
        return []
    return [Gate("other_channel", f"channel:{earlier}", members) for earlier, members in reached.items()]


def duplicate_gate(occasion: Occasion, ids: range, at: datetime) -> list[Gate]:
    """`duplicate`: they had this campaign within its re-entry period before `at`, or will have it later.

    A dated campaign without a period repeats freely: each send is decided on once, which the ledger sees to. A
    continuous one without a period reaches each customer once.
    """
    days = occasion.plan.reentry_days
    if days == 0 or (days is None and not occasion.plan.is_continuous):
        return []
    had = Delivery.objects.filter(
        send__campaign=occasion.campaign_id,
        customer__gte=ids.start,
        customer__lt=ids.stop,
        state__in=Delivery.HOLDING,
    )
    if days is not None and occasion.plan.is_continuous:
        had = had.filter(due_at__gt=at - timedelta(days=days))
    elif days is not None:
        # From send to send: quiet hours and zones must not make a weekly campaign its own duplicate.
        had = had.filter(send__due_at__gt=at - timedelta(days=days) + _CLOCK_CHANGE)
    return [Gate("duplicate", "", id_set(had, "customer_id"))]


def holdout_gates(plan: Plan, campaign_id: int, members: BitMap, rules: WorkspaceRules) -> list[Gate]:
    """`held_out`, from the whole programme first, then from this campaign. Transactional campaigns have none."""
    if plan.transactional:
        return []
    return [
        Gate("held_out", "global", held_out(members, rules.salt, rules.holdout_percent)),
        Gate("held_out", "campaign", held_out(members, rules.campaign_salt(campaign_id), plan.holdout_percent)),
    ]
