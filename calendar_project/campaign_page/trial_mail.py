"""A test to oneself: messages rendered for a customer and mailed to the one who asked. They are no deliveries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.contrib.auth.models import User

from audiences.models import Customer
from campaigns.models import Campaign, Message
from campaigns.rendering import TemplateProblem
from deliveries.channels import registry
from deliveries.channels.base import Outcome, Outgoing, Verdict
from deliveries.channels.registry import UnknownChannel

from .previews import preview_context, render


class NoTest(Exception):
    """The test was not sent; the text says why."""


def send_tests(
    campaign: Campaign, messages: Sequence[Message], customer: Customer | None, to: User, now: datetime
) -> tuple[int, list[str]]:
    """Mail each through the e-mail channel: how many went, and a sentence for each that did not.

    Whatever a message's channel, it comes as mail: in-app messages as plain text. Raises `NoTest` without an address.
    """
    if not to.email:
        raise NoTest("You have no address here. Somebody with access to users can add one.")
    if not messages:
        raise NoTest("Nothing is written yet.")
    context = preview_context(campaign, customer, now)
    rendered: list[Outgoing] = []
    problems: list[str] = []
    for message in messages:
        try:
            rendered.append(_outgoing(as_mail(render(message, context)), to.email, len(messages) > 1 and str(message)))
        except (TemplateProblem, UnknownChannel) as problem:
            problems.append(f"{message}: {problem}")
    refused = [
        f"The mail was not taken: {outcome.evidence.get('text') or outcome.verdict}."
        for outcome in _hand_over(rendered)
        if outcome.verdict is not Verdict.ACCEPTED
    ]
    return len(rendered) - len(refused), [*problems, *refused]


def _outgoing(texts: dict[str, str], address: str, which: str | bool) -> Outgoing:
    """`which` of several it is stands in the subject."""
    return Outgoing(
        delivery_id=0,
        message_id=f"test.{uuid4().hex}",
        customer_id=0,
        external_id="",
        address=address,
        subject=f"[Test{f' {which}' if which else ''}] {texts['subject']}",
        text=texts["text"],
        html=texts["html"],
    )


def as_mail(texts: dict[str, str]) -> dict[str, str]:
    if texts.get("subject"):
        return {"subject": texts["subject"], "text": texts.get("text", ""), "html": texts.get("html", "")}
    lines = [texts.get("body", ""), texts.get("link", "")]
    return {"subject": texts.get("title", ""), "text": "\n\n".join(filter(None, lines)), "html": ""}


def _hand_over(mails: list[Outgoing]) -> list[Outcome]:
    channel = registry.channel("email")
    try:
        return list(channel.send(mails, lambda _: True)) if mails else []
    finally:
        channel.close()
