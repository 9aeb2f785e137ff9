"""The minutes by mail: to everybody in the teams, as each of them may read them. Simple tables, and a text part."""

import logging
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from campaigns.models import MinutesMail
from campaigns.queries.campaigns import workspace_zone
from campaigns.services.reviews import claim_minutes, minutes_sent
from deliveries.channels import registry
from deliveries.channels.base import Channel, Outgoing, Verdict

from .meeting import minutes

logger = logging.getLogger(__name__)


def send_minutes(now: datetime) -> int:
    """Every mail that nobody has sent yet; how many were taken.

    Marked after the mail was taken, so that a crash tells somebody twice rather than never; the Message-ID is the same.
    A mail that is not taken is tried again when the claim is over.
    """
    channel, sent = registry.channel("email"), 0
    try:
        for mail in claim_minutes(now):
            if _is_taken(channel, mail):
                minutes_sent(mail.pk, now)
                sent += 1
    finally:
        channel.close()
    return sent


def _is_taken(channel: Channel, mail: MinutesMail) -> bool:
    try:
        outcome = next(iter(channel.send([_outgoing(mail)], lambda _: True)))
    except Exception:
        # One reader's minutes that cannot be written hold up nobody else's.
        logger.exception("the minutes %s cannot be sent", mail.pk)
        return False
    return outcome.verdict is Verdict.ACCEPTED


def _outgoing(mail: MinutesMail) -> Outgoing:
    with timezone.override(workspace_zone()):
        context = {**minutes(mail.review, mail.to), "base": settings.BASE_URL}
        text = render_to_string("calendar_project/minutes_mail.txt", context)
        html = render_to_string("calendar_project/minutes_mail.html", context)
    return Outgoing(
        delivery_id=0,
        message_id=f"minutes.{mail.review_id}.{mail.to_id}",
        customer_id=0,
        external_id="",
        address=mail.to.email,
        subject=f"Minutes: {mail.review}",
        text=text,
        html=html,
    )
