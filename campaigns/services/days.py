"""The days of continuous campaigns: made when a firing needs one, closed when they are past and nobody fired."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign, Firing, Send
from campaigns.plan import CONTINUOUS
from campaigns.queries.campaigns import workspace_zone
from campaigns.recurrence import instant, wall_time
from campaigns.services.states import move_states

CLOSED_AS = {
    Campaign.Status.RUNNING: (Send.State.DONE, "nobody fired"),
    Campaign.Status.PAUSED: (Send.State.MISSED, "paused"),
    Campaign.Status.DRAFT: (Send.State.MISSED, "not approved"),
    Campaign.Status.IN_REVIEW: (Send.State.MISSED, "not approved"),
    Campaign.Status.APPROVED: (Send.State.MISSED, "not started"),
}
# Firings that are settled at a time; the next tick finds the rest.
STRANDED = 5_000


def day_of(due_at: datetime, now: datetime, zone: ZoneInfo) -> date:
    """The day that a firing belongs to: when it is due, or today if it is late."""
    return wall_time(max(due_at, now), zone).date()


def sends_of_days(campaign_id: int, days: Iterable[date], zone: ZoneInfo, now: datetime) -> dict[date, int]:
    """The id of the send of each day, made where planning has not come so far; two queries."""
    # In their order, as planning makes them: two who make the same days never wait for each other in a ring.
    names = {f"{day:%Y-%m-%d}": day for day in sorted(days)}
    Send.objects.bulk_create(
        [
            Send(
                campaign_id=campaign_id, slot=name, due_at=instant(datetime.combine(day, time()), zone), changed_at=now
            )
            for name, day in names.items()
        ],
        ignore_conflicts=True,
    )
    stored = Send.objects.filter(campaign_id=campaign_id, slot__in=list(names)).values_list("slot", "pk")
    return {names[slot]: send_id for slot, send_id in stored}


def close_days(now: datetime) -> int:
    """Settle days that ended without a firing; a constant number of queries. Days with firings end with them."""
    midnight = instant(datetime.combine(wall_time(now, workspace_zone()).date(), time()), workspace_zone())
    closed = 0
    for status, (state, reason) in CLOSED_AS.items():
        past = _quiet_days(status, midnight)
        closed += move_states(
            past.values_list("pk", flat=True), [Send.State.SCHEDULED], state, now, reason=reason, finished_at=now
        )
    _settle_stranded(now)
    return closed


def _settle_stranded(now: datetime) -> None:
    """Firings whose day is over, so that nobody would ever decide on them: a constant number of queries per campaign.

    A firing can be written at the very moment when its day is closed, for neither sees the other; it goes to today.
    One whose day somebody cancelled is dropped.
    """
    waiting = Firing.objects.filter(state=Firing.State.WAITING)
    cancelled = waiting.filter(send__state=Send.State.CANCELLED).order_by("pk")
    _drop(cancelled.values_list("pk", flat=True)[:STRANDED])
    late = waiting.filter(send__state__in=[Send.State.DONE, Send.State.MISSED]).order_by("pk")
    by_campaign: defaultdict[int, list[Firing]] = defaultdict(list)
    for firing in late[:STRANDED]:
        by_campaign[firing.campaign_id].append(firing)
    for campaign_id, firings in by_campaign.items():
        give_days(campaign_id, firings, now)
        Firing.objects.bulk_update(firings, ["send"], batch_size=500)


def _drop(ids: Iterable[int]) -> None:
    waiting = Firing.objects.filter(pk__in=list(ids), state=Firing.State.WAITING)
    waiting.update(state=Firing.State.DROPPED, reason="its day was cancelled")


def give_days(campaign_id: int, firings: Sequence[Firing], now: datetime) -> None:
    """Put each on the send of its day; the caller writes them."""
    zone = workspace_zone()
    days = [day_of(firing.due_at, now, zone) for firing in firings]
    sends = sends_of_days(campaign_id, set(days), zone, now)
    for firing, day in zip(firings, days, strict=True):
        firing.send_id = sends[day]


def _quiet_days(status: str, midnight: datetime) -> QuerySet[Send]:
    return Send.objects.filter(
        ~Exists(Firing.objects.filter(send=OuterRef("pk"), state=Firing.State.WAITING)),
        campaign__status=status,
        campaign__trigger__in=CONTINUOUS,
        state=Send.State.SCHEDULED,
        due_at__lt=midnight,
    )
