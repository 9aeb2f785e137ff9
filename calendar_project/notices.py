"""Mail to the people of the workspace: what is due and not approved, and what paused itself, told to its owner."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from audiences.models import Workspace
from audiences.zones import zone_or
from campaigns.lifecycle import PAUSED_ITSELF
from campaigns.models import Campaign, HistoryEntry, Send
from campaigns.queries.sends import unapproved_sends
from deliveries.channels import registry
from deliveries.channels.base import Channel, Outgoing, Verdict
from deliveries.failing import what_to_do

AHEAD = timedelta(days=1)
# A mail that could not be handed over for so long would tell of what is settled by then.
STALE = timedelta(days=1)


def tell_owners(now: datetime) -> int:
    """Every mail that is to go out now; how many were taken.

    Marked after the mail was taken, so that a crash tells somebody twice rather than never; the Message-ID is the same.
    """
    channel = registry.channel("email")
    try:
        return _tell_of_pauses(channel, now) + _tell_of_unapproved(channel, now)
    finally:
        channel.close()


def _tell_of_unapproved(channel: Channel, now: datetime) -> int:
    """One mail to each owner about their unapproved sends of the next 24 hours."""
    waiting, told = (
        unapproved_sends(now, now + AHEAD).exclude(campaign__owner=None).exclude(campaign__owner__email=""),
        0,
    )
    zone = _zone()
    for owner, sends in groupby(waiting, key=lambda send: send.campaign.owner):
        if owner is not None:
            its = list(sends)
            told += _is_taken(channel, _unapproved(owner, its, zone)) and bool(
                Send.objects.filter(pk__in=[send.pk for send in its]).update(owner_told_at=now)
            )
    return told


def _tell_of_pauses(channel: Channel, now: datetime) -> int:
    """One mail for each campaign that paused itself."""
    entries = HistoryEntry.objects.filter(action=PAUSED_ITSELF, owner_told_at=None, at__gt=now - STALE)
    told = 0
    for entry in entries.exclude(campaign__owner=None).select_related("campaign__owner"):
        owner = entry.campaign.owner
        if owner is not None and owner.email and _is_taken(channel, _paused(owner, entry)):
            told += HistoryEntry.objects.filter(pk=entry.pk).update(owner_told_at=now)
    return told


def _is_taken(channel: Channel, notice: Outgoing) -> bool:
    return next(iter(channel.send([notice], lambda _: True))).verdict is Verdict.ACCEPTED


def _unapproved(owner: User, sends: Sequence[Send], zone: ZoneInfo) -> Outgoing:
    count = "A send is" if len(sends) == 1 else f"{len(sends)} sends are"
    lines = [_line(send, zone) for send in sends]
    return _notice(
        owner,
        f"notice.{owner.pk}.{sends[0].pk}.{len(sends)}",
        f"{count} not approved and due within a day",
        "What is not approved at its hour does not go out.\n\n" + "\n\n".join(lines) + "\n",
    )


def _paused(owner: User, entry: HistoryEntry) -> Outgoing:
    lines = [
        f"{entry.campaign} paused itself at {entry.at.astimezone(_zone()):%H:%M on %a %d %b}: {entry.note}",
        *what_to_do(entry.note),
        "Nothing more of it leaves until somebody resumes it. Then whoever has not had it gets it, nobody gets it "
        "twice, and its messages are counted anew.",
        _page(entry.campaign),
    ]
    return _notice(owner, f"paused.{entry.pk}", f"{entry.campaign} paused itself", "\n\n".join(lines) + "\n")


def _notice(owner: User, message_id: str, subject: str, text: str) -> Outgoing:
    return Outgoing(
        delivery_id=0,
        message_id=message_id,
        customer_id=0,
        external_id="",
        address=owner.email,
        # The name of a campaign is whatever somebody typed; a header is one line.
        subject=" ".join(subject.split()),
        text=text,
    )


def _line(send: Send, zone: ZoneInfo) -> str:
    status = send.campaign.get_status_display()
    return f"{send.due_at.astimezone(zone):%a %d %b, %H:%M} {send.campaign} ({status})\n{_page(send.campaign)}"


def _page(campaign: Campaign) -> str:
    return settings.BASE_URL + reverse("calendar:campaign", args=[campaign.pk])


def _zone() -> ZoneInfo:
    return zone_or(Workspace.current().timezone, "UTC")
