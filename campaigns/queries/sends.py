"""Sends on the calendar: what is due, what a stretch of time holds, what others have been promised."""

from datetime import datetime

from django.db.models import QuerySet

from campaigns.models import Campaign, Send
from campaigns.plan import CONTINUOUS

OPEN = (Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING, Send.State.PAUSED)
# Every admission reads each of these sends of the weeks around it.
ARBITRATED = (
    "campaign_id", "due_at", "local_due", "state", "version__plan", "campaign__approved_version__plan",
)  # fmt: skip


def on_calendar() -> QuerySet[Send]:
    """Every send with what a row of a list shows; the frozen audience stays in the database, it may be large."""
    return (
        Send.objects.filter(campaign__is_template=False)
        .select_related("campaign__team", "campaign__topic", "campaign__owner")
        .defer("audience")
    )


def due_sends(now: datetime) -> QuerySet[Send]:
    """Dated sends whose hour has come and whose audience is not frozen, oldest first; approved or not."""
    return (
        on_calendar()
        .filter(state=Send.State.SCHEDULED, due_at__lte=now)
        .exclude(campaign__trigger__in=CONTINUOUS)
        .order_by("due_at", "id")
    )


def going_out(campaign_id: int) -> bool:
    """Whether anything of it may be leaving now: such sends go on with the version that they were frozen with."""
    under_way = (Send.State.ADMITTING, Send.State.SENDING)
    return Send.objects.filter(campaign=campaign_id, state__in=under_way).exists()


def unapproved_sends(start: datetime, end: datetime) -> QuerySet[Send]:
    """Dated sends of the stretch that would be missed for want of an approval, by owner; nobody was told yet."""
    waiting = (Campaign.Status.DRAFT, Campaign.Status.IN_REVIEW)
    return (
        on_calendar()
        .filter(state=Send.State.SCHEDULED, due_at__gte=start, due_at__lt=end, owner_told_at__isnull=True)
        .filter(campaign__status__in=waiting)
        .exclude(campaign__trigger__in=CONTINUOUS)
        .order_by("campaign__owner", "due_at", "id")
    )


def approved_sends_between(start: datetime, end: datetime) -> list[Send]:
    """Approved sends of the stretch that are still to go out, for arbitration; one query for what it asks of them."""
    return list(
        Send.objects.filter(
            campaign__is_template=False,
            due_at__gte=start,
            due_at__lt=end,
            state__in=(Send.State.SCHEDULED, Send.State.ADMITTING, Send.State.SENDING),
            campaign__status__in=(Campaign.Status.APPROVED, Campaign.Status.RUNNING),
            campaign__approved_version__isnull=False,
        )
        .select_related("campaign__approved_version", "version")
        .only(*ARBITRATED)
        .order_by("due_at", "id")
    )
