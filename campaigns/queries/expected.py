"""The expected volume of a campaign: its audience now, or what its trigger would have brought per day lately."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count
from pyroaring import BitMap

from audiences.models import Event
from campaigns.expectations import LOOK_BACK, expected_per_day
from campaigns.plan import Plan
from campaigns.queries.triggers import entries, last_events_before_silence


def expected_volume(plan: Plan, audience: BitMap, now: datetime) -> int:
    """People per send. Exact for a dated plan; an estimate from the last 28 days for a continuous one."""
    if not plan.is_continuous:
        return len(audience)
    return expected_per_day(_happened(plan, audience, now))


def _happened(plan: Plan, audience: BitMap, now: datetime) -> int:
    since = now - LOOK_BACK
    if plan.trigger == "event":
        events = Event.objects.filter(name=plan.event, occurred_at__gt=since, occurred_at__lte=now).order_by()
        return _count(events.values_list("customer_id").annotate(times=Count("pk")), audience)
    if plan.trigger == "silence" and plan.silence_days:
        silences = last_events_before_silence(plan.event, plan.silence_days, since, now).order_by()
        return _count(silences.values_list("customer_id").annotate(times=Count("pk")), audience)
    if plan.trigger == "enters" and plan.trigger_segment_id:
        recent = entries(plan.trigger_segment_id, 0)
        return sum(entered.intersection_cardinality(audience) for _, moment, entered in recent if moment > since)
    return 0


def _count(per_customer: Iterable[tuple[int, int]], audience: BitMap) -> int:
    return sum(times for customer_id, times in per_customer if customer_id in audience)
