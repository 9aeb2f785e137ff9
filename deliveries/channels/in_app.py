"""In-app: a row in the customer's inbox. Local: written in the transaction that records the outcome."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from deliveries.channels.base import Channel, MayLeave, Outcome, Outgoing, Verdict
from deliveries.models import InboxItem


class InAppChannel(Channel):
    """Messages with title, body and link, read by the product through the inbox API."""

    label: ClassVar[str] = "In the app"
    is_local: ClassVar[bool] = True
    required_fields: ClassVar[tuple[str, ...]] = ("title",)
    fields: ClassVar[tuple[str, ...]] = ("title", "body", "link")

    def send(self, messages: Iterable[Outgoing], may_leave: MayLeave) -> Iterator[Outcome]:
        batch = list(messages)
        outcomes = [_outcome(outgoing, may_leave) for outgoing in batch]
        now = datetime.now(UTC)
        # One delivery has one item, whatever is repeated: the constraint decides, not a look before.
        InboxItem.objects.bulk_create(
            (
                _item(outgoing, now)
                for outgoing, outcome in zip(batch, outcomes, strict=True)
                if outcome.verdict is Verdict.ACCEPTED
            ),
            ignore_conflicts=True,
        )
        yield from outcomes


def is_safe_link(link: str) -> bool:
    """An http(s) address or a path of the same site: nothing that runs (`javascript:`), nothing half absolute."""
    if any(ord(character) <= 32 or character == "\\" for character in link):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme in ("http", "https") and bool(parts.netloc)
    return link.startswith("/") and not link.startswith("//")


def _outcome(outgoing: Outgoing, may_leave: MayLeave) -> Outcome:
    if problem := _problem(outgoing):
        return Outcome(outgoing.delivery_id, Verdict.REJECTED, {"phase": "compose", "text": problem})
    if not may_leave(outgoing.delivery_id):
        return Outcome(outgoing.delivery_id, Verdict.HELD)
    return Outcome(outgoing.delivery_id, Verdict.ACCEPTED, {"phase": "inbox"})


def _problem(outgoing: Outgoing) -> str:
    if not outgoing.title.strip():
        return "the title is empty"
    if len(outgoing.title) > 400 or len(outgoing.link) > 1000:
        return "the title or the link is too long"
    if outgoing.link and not is_safe_link(outgoing.link):
        return "the link is neither an http(s) address nor a path of this site"
    return ""


def _item(outgoing: Outgoing, now: datetime) -> InboxItem:
    return InboxItem(
        delivery_id=outgoing.delivery_id,
        customer_id=outgoing.customer_id,
        title=_storable(outgoing.title),
        body=_storable(outgoing.body),
        link=outgoing.link,
        created_at=now,
    )


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL, and nothing shows one; a lone surrogate has no UTF-8."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
