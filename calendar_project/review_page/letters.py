"""What the mails of reviews and handoffs say, to each as far as they may read it. Simple tables, and a text part."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from campaigns.models import HandoffMail, MinutesMail
from campaigns.queries.campaigns import workspace_zone
from campaigns.rights import can_see
from deliveries.channels.base import Outgoing

from .meeting import minutes


def minutes_letter(mail: MinutesMail) -> Outgoing:
    with timezone.override(workspace_zone()):
        context = {**minutes(mail.review, mail.to), "base": settings.BASE_URL}
        text = render_to_string("calendar_project/minutes_mail.txt", context)
        html = render_to_string("calendar_project/minutes_mail.html", context)
    name = f"minutes.{mail.review_id}.{mail.to_id}"
    return _letter(name, mail.to.email, f"Minutes: {mail.review}", text, html)


def handoff_letter(mail: HandoffMail) -> Outgoing | None:
    """None where they may not see the campaign (any more): nothing of it is told them."""
    handoff = mail.handoff
    if not can_see(handoff.to, handoff.campaign):
        return None
    context = {"handoff": handoff, "campaign": handoff.campaign, "base": settings.BASE_URL}
    with timezone.override(workspace_zone()):
        text = render_to_string("calendar_project/handoff_mail.txt", context)
    subject = f"Handed over to you: {handoff.campaign.name}"
    return _letter(f"handoff.{handoff.pk}", handoff.to.email, subject, text)


def _letter(name: str, address: str, subject: str, text: str, html: str = "") -> Outgoing:
    # The name of a campaign is whatever somebody typed; a header is one line.
    return Outgoing(0, name, 0, "", address, subject=" ".join(subject.split()), text=text, html=html)
