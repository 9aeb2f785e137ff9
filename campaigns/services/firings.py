"""Firings: continuous campaigns read what happened to customers, and fire once for each reason."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from audiences.models import Event, SegmentRefresh
from campaigns.models import Campaign, Firing, TriggerCursor
from campaigns.plan import CONTINUOUS, Plan
from campaigns.queries.audiences import audience
from campaigns.queries.firings import earlier_firings
from campaigns.queries.triggers import entries, last_events_before_silence, live_events
from campaigns.reentry import Happening, new_firings
from campaigns.services.days import give_days
from campaigns.services.dropping import drop_unwanted
from campaigns.services.lifecycle import start

__all__ = ["drop_unwanted", "fire", "fire_all"]

logger = logging.getLogger(__name__)
# A row can become visible after one with a higher id. What is older than this counts as seen by everybody: live events
# are written in short transactions whose statements end after two minutes (statement_timeout); one that was held
# open for longer would be overlooked.
SETTLED_AFTER = timedelta(minutes=3)
BATCH = 2_000


def fire_all(now: datetime) -> int:
    """Read on for every continuous campaign that is approved or running; how many new firings."""
    going = Campaign.objects.filter(
        trigger__in=CONTINUOUS, status__in=(Campaign.Status.APPROVED, Campaign.Status.RUNNING), is_template=False
    )
    return sum(_fire_safely(campaign_id, now) for campaign_id in going.order_by("pk").values_list("pk", flat=True))


def _fire_safely(campaign_id: int, now: datetime) -> int:
    try:
        return fire(campaign_id, now)
    except Exception:
        # Whatever is wrong with one campaign, the others fire. Its cursor stays where it was.
        logger.exception("Reading the trigger of campaign %s failed", campaign_id)
        return 0


def fire(campaign_id: int, now: datetime) -> int:
    """Turn what has happened since the cursor into firings; how many are new.

    1. The cursor's row is locked: of two ticks at once, the second finds it taken and leaves.
    2. Everything after the cursor is read, and the last minutes once more: the constraint and `new_firings` let
       nothing fire twice.
    3. The cursor moves to what everybody has seen by now.
    A campaign that is approved starts with its first tick, and fires on what happens from then on.
    """
    if Campaign.objects.filter(pk=campaign_id, status=Campaign.Status.APPROVED).exists():
        start(campaign_id, now)
    with transaction.atomic():
        cursor = _lock_cursor(campaign_id)
        if cursor is None:
            return 0
        fired = sum(_fire_batch(cursor.campaign, batch, now) for batch in _happenings(cursor, now))
        _advance(cursor, now)
        return fired


def _lock_cursor(campaign_id: int) -> TriggerCursor | None:
    running = TriggerCursor.objects.filter(
        campaign_id=campaign_id, campaign__status=Campaign.Status.RUNNING, campaign__approved_version__isnull=False
    )
    locked = running.select_for_update(skip_locked=True, of=("self",))
    return locked.select_related("campaign__approved_version").first()


def _plan(campaign: Campaign) -> Plan:
    assert campaign.approved_version is not None  # noqa: S101 by the query above
    return Plan.from_json(campaign.approved_version.plan)


def _happenings(cursor: TriggerCursor, now: datetime) -> Iterator[list[Happening]]:
    """What the trigger watches for, in batches; who is in the audience is asked later."""
    plan, started_at = _plan(cursor.campaign), cursor.campaign.started_at or now
    if plan.trigger == "event":
        yield from _by_id(live_events(plan.event, cursor.position).filter(occurred_at__gte=started_at), "event")
    elif plan.trigger == "silence" and plan.silence_days:
        # A silence that was complete before the campaign started stays unanswered.
        since = max(started_at, cursor.read_until - SETTLED_AFTER)
        silent = last_events_before_silence(plan.event, plan.silence_days, since, now)
        yield from _by_id(silent, "silence", timedelta(days=plan.silence_days))
    elif plan.trigger == "enters" and plan.trigger_segment_id:
        yield from _entered(plan.trigger_segment_id, cursor.position, started_at)


def _by_id(events: QuerySet[Event], kind: str, later: timedelta = timedelta()) -> Iterator[list[Happening]]:
    """Events in batches by id. A silence is named for the day of the last event, which no other silence shares."""
    after = 0
    while rows := list(events.filter(pk__gt=after).values_list("pk", "customer_id", "occurred_at")[:BATCH]):
        yield [
            Happening(customer, f"{kind}:{pk}" if kind == "event" else f"{kind}:{at:%Y-%m-%d}", at + later)
            for pk, customer, at in rows
        ]
        after = rows[-1][0]


def _entered(segment_id: int, position: int, started_at: datetime) -> Iterator[list[Happening]]:
    for refresh_id, moment, entered in entries(segment_id, position):
        if moment < started_at:
            continue
        members = entered.to_array()
        for first in range(0, len(members), BATCH):
            yield [Happening(customer, f"enters:{refresh_id}", moment) for customer in members[first : first + BATCH]]


def _fire_batch(campaign: Campaign, happenings: Sequence[Happening], now: datetime) -> int:
    """Write the firings of those in the audience; a constant number of queries per batch."""
    plan = _plan(campaign)
    members = audience(plan.include, plan.exclude)
    concerned = [happening for happening in happenings if happening.customer_id in members]
    if not concerned:
        return 0
    fresh = new_firings(concerned, earlier_firings(campaign.pk, concerned, plan.reentry_days), plan.reentry_days)
    firings = [_firing(campaign, plan, happening, now) for happening in fresh]
    # Those that came too late as well: a firing of no day would be explained to nobody.
    give_days(campaign.pk, firings, now)
    Firing.objects.bulk_create(firings, ignore_conflicts=True)
    return len(firings)


def _firing(campaign: Campaign, plan: Plan, happening: Happening, now: datetime) -> Firing:
    due_at = happening.occurred_at + timedelta(seconds=plan.delay_seconds)
    firing = Firing(
        campaign=campaign,
        customer_id=happening.customer_id,
        key=happening.key,
        occurred_at=happening.occurred_at,
        due_at=due_at,
    )
    if plan.expires_after_seconds is not None and due_at + timedelta(seconds=plan.expires_after_seconds) <= now:
        firing.state, firing.reason = Firing.State.DROPPED, "too late to be of use when it was read"
    return firing


def _advance(cursor: TriggerCursor, now: datetime) -> None:
    """To the highest id that is old enough for everything below it to be visible."""
    settled_at = now - SETTLED_AFTER
    settled: QuerySet[SegmentRefresh] | QuerySet[Event] = (
        SegmentRefresh.objects.filter(refreshed_at__lte=settled_at)
        if cursor.campaign.trigger == Campaign.Trigger.ENTERS
        else Event.objects.filter(received_at__lte=settled_at)
    )
    last = settled.order_by("-pk").values_list("pk", flat=True).first() or 0
    moved = {"position": max(cursor.position, last), "read_until": max(cursor.read_until, now)}
    TriggerCursor.objects.filter(pk=cursor.pk).update(**moved)
