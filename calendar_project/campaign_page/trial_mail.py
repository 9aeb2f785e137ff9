"""A test to oneself: one message rendered for a customer and mailed to the one who asked. It is not a delivery."""

from datetime import datetime
from uuid import uuid4

from django.contrib.auth.models import User

from audiences.models import Customer
from campaigns.models import Campaign, Message
from deliveries.channels import registry
from deliveries.channels.base import Outcome, Outgoing, Verdict

from .previews import preview_context, render


class NoTest(Exception):
    """The test was not sent; the text says why."""


def send_test(campaign: Campaign, message: Message, customer: Customer | None, to: User, now: datetime) -> str:
    """Mail it through the e-mail channel; the address it went to. Raises `NoTest`, or `TemplateProblem`.

    Whatever the message's channel, it comes as mail: in-app messages as plain text.
    """
    if not to.email:
        raise NoTest("You have no address here. Somebody with access to users can add one.")
    texts = as_mail(render(message, preview_context(campaign, customer, now)))
    outgoing = Outgoing(
        delivery_id=0,
        message_id=f"test.{uuid4().hex}",
        customer_id=0,
        external_id="",
        address=to.email,
        subject=f"[Test] {texts['subject']}",
        text=texts["text"],
        html=texts["html"],
    )
    outcome = _hand_over(outgoing)
    if outcome.verdict is not Verdict.ACCEPTED:
        raise NoTest(f"The mail was not taken: {outcome.evidence.get('text') or outcome.verdict}.")
    return to.email


def as_mail(texts: dict[str, str]) -> dict[str, str]:
    if texts.get("subject"):
        return {"subject": texts["subject"], "text": texts.get("text", ""), "html": texts.get("html", "")}
    lines = [texts.get("body", ""), texts.get("link", "")]
    return {"subject": texts.get("title", ""), "text": "\n\n".join(filter(None, lines)), "html": ""}


def _hand_over(outgoing: Outgoing) -> Outcome:
    channel = registry.channel("email")
    try:
        return next(iter(channel.send([outgoing], lambda _: True)))
    finally:
        channel.close()
