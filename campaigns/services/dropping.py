"""Firings that are not wanted any more when their moment comes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from audiences.models import Event
from audiences.queries.segments import members_of_each
from campaigns.models import Firing, Send
from campaigns.plan import Plan
from campaigns.queries.audiences import cut


def drop_unwanted(firings: Sequence[Firing], now: datetime) -> int:
    """Drop those of the due firings whose reason has gone; how many. A constant number of queries.

    In this order: the “unless” event came in between, the customer left the audience, it is too late to be of use,
    its day was cancelled. `firings` come from `queries.firings.due_firings`; those that stay are still WAITING.
    """
    ids = [firing.pk for firing in firings]
    return (
        _drop(_unless_came(now), ids, "the event of “unless” came first")
        + _drop(Q(), _not_in_audience(firings), "not in the audience any more")
        + _drop(Q(), _expired(firings, now), "too late to be of use")
        + _drop(Q(send__state__in=[Send.State.CANCELLED, Send.State.MISSED]), ids, "its day was cancelled")
    )


def _drop(condition: Q, ids: Iterable[int], reason: str) -> int:
    ids = list(ids)
    if not ids:
        return 0
    waiting = Firing.objects.filter(condition, pk__in=ids, state=Firing.State.WAITING)
    if not waiting.exists():
        return 0
    with transaction.atomic():
        # Two ticks drop the same firings at once: what the other one has at this moment is left to it.
        rows = waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        found = list(rows.values_list("pk", flat=True))
        return Firing.objects.filter(pk__in=found).update(state=Firing.State.DROPPED, reason=reason)


def _unless_came(now: datetime) -> Q:
    came = Event.objects.filter(
        name=OuterRef("campaign__unless_event"),
        customer=OuterRef("customer"),
        occurred_at__gt=OuterRef("occurred_at"),
        occurred_at__lte=now,
    )
    return ~Q(campaign__unless_event="") & Q(Exists(came))


def _plans(firings: Iterable[Firing]) -> dict[int, Plan]:
    versions = {firing.campaign_id: firing.campaign.approved_version for firing in firings}
    return {campaign_id: Plan.from_json(version.plan) for campaign_id, version in versions.items() if version}


def _not_in_audience(firings: Sequence[Firing]) -> list[int]:
    plans = _plans(firings)
    members = members_of_each({segment for plan in plans.values() for segment in (*plan.include, *plan.exclude)})
    audiences = {campaign_id: cut(members, plan.include, plan.exclude) for campaign_id, plan in plans.items()}
    return [
        firing.pk
        for firing in firings
        if firing.campaign_id in audiences and firing.customer_id not in audiences[firing.campaign_id]
    ]


def _expired(firings: Iterable[Firing], now: datetime) -> list[int]:
    return [
        firing.pk
        for firing in firings
        if firing.campaign.expires_after is not None and firing.due_at + firing.campaign.expires_after <= now
    ]
