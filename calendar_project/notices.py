"""Mail to the people of the workspace: what goes out within a day and is not approved, told to its owner."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from audiences.models import Workspace
from audiences.zones import zone_or
from campaigns.models import Send
from campaigns.queries.sends import unapproved_sends
from deliveries.channels import registry
from deliveries.channels.base import Channel, Outgoing, Verdict

AHEAD = timedelta(days=1)


def tell_owners(now: datetime) -> int:
    """One mail to each owner about their unapproved sends of the next 24 hours; how many owners were told.

    Marked after the mail was taken, so that a crash tells somebody twice rather than never; the Message-ID is the same.
    """
    waiting = unapproved_sends(now, now + AHEAD).exclude(campaign__owner=None).exclude(campaign__owner__email="")
    channel, told = registry.channel("email"), 0
    try:
        for owner, sends in groupby(waiting, key=lambda send: send.campaign.owner):
            if owner is not None:
                told += _tell(owner, list(sends), channel, now)
    finally:
        channel.close()
    return told


def _tell(owner: User, sends: Sequence[Send], channel: Channel, now: datetime) -> bool:
    zone = zone_or(Workspace.current().timezone, "UTC")
    outcome = next(iter(channel.send([_notice(owner, sends, zone)], lambda _: True)))
    if outcome.verdict is not Verdict.ACCEPTED:
        return False
    Send.objects.filter(pk__in=[send.pk for send in sends]).update(owner_told_at=now)
    return True


def _notice(owner: User, sends: Sequence[Send], zone: ZoneInfo) -> Outgoing:
    count = "A send is" if len(sends) == 1 else f"{len(sends)} sends are"
    lines = [_line(send, zone) for send in sends]
    return Outgoing(
        delivery_id=0,
        message_id=f"notice.{owner.pk}.{sends[0].pk}.{len(sends)}",
        customer_id=0,
        external_id="",
        address=owner.email,
        subject=f"{count} not approved and due within a day",
        text="What is not approved at its hour does not go out.\n\n" + "\n\n".join(lines) + "\n",
    )


def _line(send: Send, zone: ZoneInfo) -> str:
    page = settings.BASE_URL + reverse("calendar:campaign", args=[send.campaign_id])
    return (
        f"{send.due_at.astimezone(zone):%a %d %b, %H:%M} {send.campaign} ({send.campaign.get_status_display()})\n{page}"
    )
