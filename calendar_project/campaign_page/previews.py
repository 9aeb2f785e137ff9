"""A campaign's messages as one customer would get them: rendered, cleaned, and never run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nh3
from django.conf import settings
from django.urls import reverse

from audiences.models import Customer
from calendar_project.customer_page.queries import exact_customer, find_customers
from campaigns.models import Campaign, Message
from campaigns.queries.audiences import audience
from campaigns.rendering import TemplateProblem, compile_template
from deliveries.channels.registry import channel_class
from deliveries.services.composing import customer_context

TEXTS = ("subject", "html", "text", "title", "body", "link")


@dataclass(frozen=True)
class Preview:
    """One message for one customer. `problem` is a sentence where a template would not render."""

    message: Message
    texts: dict[str, str]
    problem: str = ""

    @property
    def html(self) -> str:
        """Cleaned HTML: no scripts, styles or pictures from elsewhere. The page frames it in a sandbox all the same."""
        return nh3.clean(self.texts.get("html", ""), tags=nh3.ALLOWED_TAGS - {"img"})

    @property
    def spoken(self) -> str:
        """What a message that is not an e-mail says below its title."""
        return self.texts.get("body", "") or self.texts.get("text", "")


def customer_for(campaign: Campaign, asked: str) -> Customer | None:
    """The one customer who is meant without doubt, by id, address or name; or else, unasked, one of the audience."""
    if asked:
        exact = exact_customer(asked)
        found = [exact] if exact else list(find_customers(asked)[:2])
        return found[0] if len(found) == 1 and not found[0].is_erased else None
    members = audience(_ids(campaign, "include"), _ids(campaign, "exclude"))
    first = Customer.objects.filter(pk=members[0]) if members else Customer.objects.order_by("pk")
    return first.filter(erased_at__isnull=True).first()


def previews(campaign: Campaign, customer: Customer | None, now: datetime) -> list[Preview]:
    """Every message of the campaign, in the order of its channels."""
    context = preview_context(campaign, customer, now)
    order = {channel: place for place, channel in enumerate(campaign.channels)}
    messages = sorted(campaign.messages.all(), key=lambda each: (order.get(each.channel, 99), each.variant))
    return [preview(message, context) for message in messages]


def preview(message: Message, context: dict[str, Any]) -> Preview:
    if message.channel not in settings.CHANNELS:
        return Preview(message, {}, f"There is no channel “{message.channel}”.")
    try:
        return Preview(message, render(message, context))
    except TemplateProblem as problem:
        return Preview(message, {}, str(problem))


def render(message: Message, context: dict[str, Any]) -> dict[str, str]:
    """The texts that the message's channel uses. Raises `TemplateProblem`."""
    fields = [name for name in TEXTS if name in channel_class(message.channel).fields]
    return {name: compile_template(getattr(message, name), html=name == "html").render(context) for name in fields}


def preview_context(campaign: Campaign, customer: Customer | None, now: datetime) -> dict[str, Any]:
    """What templates see. The links lead back here: a preview must not unsubscribe the customer it is shown for."""
    shown = customer or Customer(external_id="somebody", name="Somebody")
    here = settings.BASE_URL + reverse("calendar:campaign", args=[campaign.pk])
    return {
        "customer": customer_context(shown, shown.attributes),
        "event": {"name": campaign.event, "value": 0, "occurred_at": now.isoformat()} if campaign.event else {},
        "links": {"unsubscribe": here, "preferences": here, "view": here},
    }


def _ids(campaign: Campaign, field: str) -> list[int]:
    return list(getattr(campaign, field).order_by().values_list("pk", flat=True))
