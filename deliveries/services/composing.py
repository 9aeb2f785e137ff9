"""Rendering: from a version's templates and a customer to an `Outgoing`. Compiled once per version and variant."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from audiences.models import Customer, Event
from campaigns.models import CampaignVersion, Firing
from campaigns.plan import MessagePlan, Plan
from campaigns.rendering import Compiled, TemplateProblem, compile_template
from deliveries.channels.base import Channel, Outgoing
from deliveries.channels.registry import channel_class
from deliveries.mail import CannotCompose, MailContent, MailTemplate
from deliveries.models import Delivery
from deliveries.queries.due import DueRow, row_of
from deliveries.services.links import links_for, links_used

KEPT_VERSIONS = 200
# What the database wrote has nothing around it, which `json.loads` would look for twice.
_JSON = json.JSONDecoder()
# What a template may say of a customer and is no attribute.
OWN_FIELDS = ("external_id", "name", "email", "locale", "timezone")


@dataclass(frozen=True)
class CompiledMessage:
    """The templates of one message; for a channel that carries mail also the mail that is made from them."""

    channel: type[Channel]
    texts: Mapping[str, Compiled]
    links: tuple[str, ...]  # those that the templates use
    reads_attributes: bool
    mail: MailTemplate | None

    def address_of(self, row: DueRow) -> str:
        field = self.channel.address_field
        return getattr(row, field) if field else ""

    def context(self, row: DueRow, event: Mapping[str, Any]) -> dict[str, Any]:
        """What its templates see."""
        attributes = _JSON.raw_decode(row.attributes)[0] if self.reads_attributes else {}
        return {"customer": customer_context(row, attributes), "event": event, "links": links_for(row, self.links)}

    def render(self, context: Mapping[str, Any]) -> dict[str, str]:
        """Each text by its name. Raises `TemplateProblem`."""
        return {name: compiled.render(context) for name, compiled in self.texts.items()}

    def fill(self, mail: MailTemplate, context: Mapping[str, Any]) -> MailContent:
        """The mail. Raises `TemplateProblem`."""
        texts = self.texts
        return mail.fill(texts["subject"].values(context), texts["html"].values(context), texts["text"].values(context))


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
    message = version.message(row.channel, row.variant)
    context = message.context(row, event)
    if message.mail is None:
        return _with_texts(row, message, context)
    mail, headers = message.fill(message.mail, context), _list_headers(context["links"]["unsubscribe"])
    address = message.address_of(row)
    return Outgoing(row.id, row.message_id, row.customer_id, row.external_id, address, headers=headers, mail=mail)


def compose_again(delivery: Delivery) -> Outgoing:
    """The message as it reads now, its texts not encoded, for its customer's browser. Raises `TemplateProblem`."""
    version = versions([delivery.version_id])[delivery.version_id]
    event = events_of({delivery.firing_id} - {0}).get(delivery.firing_id, {})
    row = row_of(delivery.pk, delivery.due_at)
    message = version.message(row.channel, row.variant)
    return _with_texts(row, message, message.context(row, event))


def _with_texts(row: DueRow, message: CompiledMessage, context: Mapping[str, Any]) -> Outgoing:
    address, texts = message.address_of(row), dict[str, Any](message.render(context))
    return Outgoing(row.id, row.message_id, row.customer_id, row.external_id, address, **texts)


def customer_context(customer: Customer | DueRow, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What templates may say of a customer."""
    return {
        "external_id": customer.external_id,
        "name": customer.name,
        "email": customer.email,
        "locale": customer.locale,
        "timezone": customer.timezone,
        "attributes": attributes,
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


def _list_headers(unsubscribe: str) -> dict[str, str]:
    # RFC 8058: both headers, an https address, and a POST without anything else asked.
    return {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _compiled(plan: Plan, channel: str, variant: str) -> CompiledMessage | TemplateProblem:
    message = next((each for each in plan.messages_on(channel) if each.variant == variant), None)
    if message is None:
        return TemplateProblem(f"there is no message on {channel} in variant {variant}")
    try:
        return _read(message, channel_class(channel))
    except TemplateProblem as problem:
        return problem
    except CannotCompose as problem:
        return TemplateProblem(str(problem))


def _read(message: MessagePlan, channel: type[Channel]) -> CompiledMessage:
    texts = {name: compile_template(getattr(message, name), html=name == "html") for name in channel.fields}
    paths = [path for compiled in texts.values() for path in compiled.reads]
    links, reads_attributes = links_used(paths), any(_may_read_attributes(path) for path in paths)
    if not channel.carries_mail:
        return CompiledMessage(channel, texts, tuple(links), reads_attributes, None)
    mail = MailTemplate(texts["subject"].pieces, texts["html"].pieces, texts["text"].pieces)
    return CompiledMessage(channel, texts, tuple(links | {"unsubscribe"}), reads_attributes, mail)


def _may_read_attributes(path: Sequence[object]) -> bool:
    """Also where what is read is only known when it is rendered: `customer[name]`."""
    return path[0] == "customer" and (len(path) == 1 or path[1] not in OWN_FIELDS)
