"""What is due on a channel, read and locked in one statement with all that decides whether it may leave."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Cast, Concat

from campaigns.models import Campaign, Send
from deliveries.models import Delivery
from deliveries.queries.consent import bounced, erased, subscribed, suppressed

# Nothing leaves unless its send is under way and its campaign neither paused nor cancelled.
SEND_IS_ON = Q(send__state__in=[Send.State.ADMITTING, Send.State.SENDING]) & ~Q(
    send__campaign__status__in=[Campaign.Status.PAUSED, Campaign.Status.CANCELLED]
)


class DueRow(NamedTuple):
    """One delivery with its customer, as plain values in the order in which they are read: no model is made of it."""

    id: int
    send_id: int
    customer_id: int
    channel: str
    firing_id: int
    version_id: int
    variant: str
    topic_id: int
    team_id: int
    obeys_caps: bool
    counts_toward_caps: bool
    due_at: datetime
    closes_at: datetime
    expires_at: datetime
    attempts: int
    claims: int
    repeats: int
    message_id: str
    external_id: str
    name: str
    email: str
    locale: str
    timezone: str
    attributes: dict[str, Any]
    is_erased: bool
    is_bounced: bool
    is_suppressed: bool
    is_subscribed: bool


OWN = DueRow._fields[: DueRow._fields.index("message_id")]
CUSTOMERS = ("external_id", "name", "email", "locale", "timezone", "attributes")


def due_rows(channel: str, token: str, now: datetime, limit: int, *, urgent: bool) -> list[DueRow]:
    """Up to `limit` planned rows that are due, the longest due first, locked until the transaction ends.

    `message_id` is the one that a row has, or the one that it gets with this token.

    Rows that another worker is taking at this moment are passed over, not waited for. An opt-out that withdraws rows
    locks them first: either its commit is seen here, or it waits for ours.
    """
    rows = Delivery.objects.filter(SEND_IS_ON, channel=channel, urgent=urgent, state=Delivery.State.PLANNED)
    rows = rows.filter(due_at__lte=now, expires_at__gt=now).order_by("due_at", "id")
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    return _read(locked, limit, named(token))


def row_of(delivery_id: int) -> DueRow:
    """One delivery in whatever state, not locked: to read its message again. Raises `Delivery.DoesNotExist`."""
    found = _read(Delivery.objects.filter(pk=delivery_id), 1, F("message_id"))
    if not found:
        raise Delivery.DoesNotExist(delivery_id)
    return found[0]


def named(token: str) -> Case:
    """The Message-ID, given with the first claim and kept ever after: a repeat is recognised by it."""
    new = Concat(Cast("id", CharField()), Value(f".{token[:16]}"), output_field=CharField())
    return Case(When(message_id="", then=new), default=F("message_id"))


def _read(rows: Any, limit: int, message_id: Any) -> list[DueRow]:
    consent = {
        "is_erased": erased(),
        "is_bounced": bounced(),
        "is_suppressed": suppressed(),
        "is_subscribed": subscribed(),
    }
    columns = [*OWN, "known_as", *(f"customer__{name}" for name in CUSTOMERS), *consent]
    found = rows.annotate(known_as=message_id, **consent).values_list(*columns)
    return list(map(DueRow._make, found[:limit]))
