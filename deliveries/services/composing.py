"""Rendering: from a version's templates and a customer to an `Outgoing`. Compiled once per version and variant."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.urls import reverse

from audiences.models import Event
from campaigns.models import CampaignVersion, Firing
from campaigns.plan import MessagePlan, Plan
from campaigns.rendering import Compiled, TemplateProblem, compile_template
from deliveries import tokens
from deliveries.channels.base import Outgoing
from deliveries.channels.registry import channel_class
from deliveries.models import Delivery
from deliveries.queries.due import DueRow, row_of

KEPT_VERSIONS = 200


@dataclass(frozen=True)
class CompiledMessage:
    """The templates of one message. A text that will not compile is kept as its problem, to be told per row."""

    texts: Mapping[str, Compiled]

    def render(self, context: dict[str, Any]) -> dict[str, str]:
        """Raises `TemplateProblem`."""
        return {name: compiled.render(context) for name, compiled in self.texts.items()}


class Version:
    """An approved version, ready to render."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._messages: dict[tuple[str, str], CompiledMessage | TemplateProblem] = {}

    def message(self, channel: str, variant: str) -> CompiledMessage:
        """Raises `TemplateProblem` where there is no such message or it does not compile; each time, at no cost."""
        if (channel, variant) not in self._messages:
            self._messages[channel, variant] = _compiled(self.plan, channel, variant)
        found = self._messages[channel, variant]
        if isinstance(found, TemplateProblem):
            raise found
        return found


_versions: OrderedDict[tuple[int, str], Version] = OrderedDict()
_versions_lock = Lock()


def versions(ids: Iterable[int]) -> dict[int, Version]:
    """The versions by id. They are immutable, so those read before are kept; the digest says that it is the same."""
    digests = dict(CampaignVersion.objects.filter(pk__in=set(ids)).order_by().values_list("pk", "digest"))
    with _versions_lock:
        found = {pk: _versions[pk, digest] for pk, digest in digests.items() if (pk, digest) in _versions}
    missing = CampaignVersion.objects.filter(pk__in=digests.keys() - found.keys()).order_by()
    for pk, plan in missing.values_list("pk", "plan"):
        found[pk] = Version(Plan.from_json(plan))
        _keep((pk, digests[pk]), found[pk])
    return found


def _keep(key: tuple[int, str], version: Version) -> None:
    with _versions_lock:
        _versions[key] = version
        while len(_versions) > KEPT_VERSIONS:
            _versions.popitem(last=False)


def compose(row: DueRow, version: Version, event: Mapping[str, Any]) -> Outgoing:
    """The message for one customer. Raises `TemplateProblem` with a sentence; nobody else's is touched by it."""
    channel = channel_class(row.channel)
    links = links_for(row)
    context = {"customer": customer_context(row), "event": dict(event), "links": links}
    texts = version.message(row.channel, row.variant).render(context)
    return Outgoing(
        delivery_id=row.id,
        message_id=row.message_id,
        customer_id=row.customer_id,
        external_id=row.external_id,
        address=getattr(row, channel.address_field) if channel.address_field else "",
        headers=_list_headers(links["unsubscribe"]) if channel.address_field == "email" else {},
        **texts,
    )


def compose_again(delivery: Delivery) -> Outgoing:
    """The message as it reads now, for its customer's browser. Raises `TemplateProblem`."""
    version = versions([delivery.version_id])[delivery.version_id]
    event = events_of({delivery.firing_id} - {0}).get(delivery.firing_id, {})
    return compose(row_of(delivery.pk, delivery.due_at), version, event)


def customer_context(customer: DueRow) -> dict[str, Any]:
    """What templates may say of a customer."""
    return {
        "external_id": customer.external_id,
        "name": customer.name,
        "email": customer.email,
        "locale": customer.locale,
        "timezone": customer.timezone,
        "attributes": json.loads(customer.attributes),
    }


def links_for(delivery: DueRow) -> dict[str, str]:
    """The absolute addresses that a message may hold, each with a token of its own."""
    unsubscribe = tokens.unsubscribe_token(delivery.customer_id, delivery.topic_id, delivery.channel)
    return {
        "unsubscribe": _absolute("unsubscribe", unsubscribe),
        "preferences": _absolute("preferences", tokens.preferences_token(delivery.customer_id)),
        "view": _absolute("view_message", tokens.view_token(delivery.id)),
    }


def events_of(firing_ids: set[int]) -> dict[int, dict[str, Any]]:
    """What each firing fired on, by the firing's id; empty for those that fired on no event."""
    if not firing_ids:
        return {}
    keys = dict(Firing.objects.filter(pk__in=firing_ids, key__startswith="event:").values_list("pk", "key"))
    event_ids = {pk: int(key.removeprefix("event:")) for pk, key in keys.items()}
    events = Event.objects.in_bulk(set(event_ids.values()))
    return {pk: _event(events[event_id]) for pk, event_id in event_ids.items() if event_id in events}


def _event(event: Event) -> dict[str, Any]:
    value = None if event.value is None else float(event.value)
    named = {"name": event.name, "value": value, "properties": event.properties}
    return {**event.properties, **named}


def _absolute(name: str, token: str) -> str:
    return settings.BASE_URL + reverse(name, args=[token])


def _list_headers(unsubscribe: str) -> dict[str, str]:
    # RFC 8058: both headers, an https address, and a POST without anything else asked.
    return {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _compiled(plan: Plan, channel: str, variant: str) -> CompiledMessage | TemplateProblem:
    message = next((each for each in plan.messages_on(channel) if each.variant == variant), None)
    if message is None:
        return TemplateProblem(f"there is no message on {channel} in variant {variant}")
    try:
        return CompiledMessage(_templates(message, channel))
    except TemplateProblem as problem:
        return problem


def _templates(message: MessagePlan, channel: str) -> dict[str, Compiled]:
    fields = channel_class(channel).fields
    return {name: compile_template(getattr(message, name), html=name == "html") for name in fields}
