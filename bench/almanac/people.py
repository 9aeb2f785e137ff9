"""The customers of the run: those who get the letter, and in the same segment those who must not."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from audiences.models import Customer, Subscription, Suppression, Topic
from audiences.services.consent import SubscriptionRow, set_subscriptions, suppress
from audiences.services.customers import CustomerRow, upsert_customers
from bench.letter import Recipient, recipients

TOPIC = "letter"
LOT = 1000
# For so many who get the letter, one who unsubscribed from it, and one whose address bounced.
UNWILLING, BOUNCED = 20, 40
STRANGERS = 10_000_000  # the numbers of those who must not get it begin here


def write_people(group: str, first: int, count: int, now: datetime) -> None:
    topic, _ = Topic.objects.get_or_create(slug=TOPIC, defaults={"name": "Monthly letter"})
    _write(group, recipients(first, count), now)
    unwilling = _write(group, recipients(STRANGERS + first, count // UNWILLING), now)
    bounced = _write(group, recipients(2 * STRANGERS + first, count // BOUNCED), now)
    rows = [SubscriptionRow(each.pk, topic.pk, "email", False) for each in unwilling]
    set_subscriptions(rows, Subscription.Source.IMPORT, now)
    for each in bounced:
        suppress(each, "email", Suppression.Reason.BOUNCE, "no such mailbox", now)


def _write(group: str, people: Iterable[Recipient], now: datetime) -> list[Customer]:
    """Rows as an import brings them; the customers that they made."""
    keys: list[str] = []
    rows = (_row(group, each) for each in people)
    while some := list(islice(rows, LOT)):
        upsert_customers(some, now)
        keys += [row.external_id for row in some]
    return list(_found(keys))


def _row(group: str, person: Recipient) -> CustomerRow:
    attributes = {**person.attributes, "group": group}
    return CustomerRow(f"reader-{person.number}", email=person.email, name=person.name, attributes=attributes)


def _found(keys: list[str]) -> Iterator[Customer]:
    for begin in range(0, len(keys), LOT):
        yield from Customer.objects.filter(external_id__in=keys[begin : begin + LOT]).order_by("pk")
