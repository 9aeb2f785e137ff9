"""The customers of the sample with what they did and what they said about being written to."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from audiences.models import Customer, Subscription, Suppression, Topic
from audiences.services.consent import SubscriptionRow, set_subscriptions, suppress
from audiences.services.customers import CustomerRow, upsert_customers
from audiences.services.events import EventRow
from audiences.until import end_of
from audiences.zones import zone_or
from calendar_project.sample.people import external_id, people
from calendar_project.sample.purchases import Purchase
from calendar_project.sample.workspace import TIMEZONE, TOPICS
from deliveries.services.holds import put_on_hold

SEED = 2357
YEAR = timedelta(days=365)
MEMBERSHIP = Decimal("24.00")
RENEWING = 0.8
# How many customers are suppressed, on which channel ("" is every one), why and with what note.
SUPPRESSED = [
    (9, "email", Suppression.Reason.BOUNCE, "550 5.1.1 no such mailbox"),
    (5, "email", Suppression.Reason.COMPLAINT, "reported as spam"),
    (3, "", Suppression.Reason.MANUAL, "asked by telephone not to be written to"),
]
HOLD_WHY = "In escalation, no marketing until Friday: half of their last crate came broken"
FRIDAY = 4


def load_customers(bought: Sequence[Purchase], now: datetime) -> None:
    rows = [
        CustomerRow(
            external_id=person.external_id,
            email=person.email,
            name=person.name,
            timezone=person.timezone,
            locale=person.locale,
            attributes=person.attributes,
        )
        for person in people(dict.fromkeys(purchase.customer for purchase in bought))
    ]
    for begin in range(0, len(rows), 1000):
        upsert_customers(rows[begin : begin + 1000], now)


def load_consent(topics: Mapping[str, Topic], now: datetime) -> None:
    """Who said yes and no to which topic on which channel, and who must not be written to at all."""
    chance = random.Random(SEED)
    customers = list(Customer.objects.order_by("external_id"))
    ids = [customer.pk for customer in customers]
    rows = [
        SubscriptionRow(customer_id, topics[topic.slug].pk, channel, subscribed)
        for topic in TOPICS
        for shares, subscribed in ((topic.said_yes, True), (topic.said_no, False))
        for channel, share in shares.items()
        for customer_id in sorted(chance.sample(ids, round(share * len(ids))))
    ]
    for begin in range(0, len(rows), 2000):
        set_subscriptions(rows[begin : begin + 2000], Subscription.Source.IMPORT, now)
    _suppress([customer for customer in customers if customer.email], chance, now)


def _suppress(customers: Sequence[Customer], chance: random.Random, now: datetime) -> None:
    chosen = chance.sample(customers, sum(number for number, *_ in SUPPRESSED))
    for number, channel, reason, note in SUPPRESSED:
        for customer in (chosen.pop() for _ in range(number)):
            suppress(customer, channel, reason, note, now)


def hold_one(now: datetime) -> None:
    """A record shop that Customer Success talks to: nothing reaches it to the end of the next Friday."""
    shop = Customer.objects.filter(attributes__plan="shop", deliveries__obeys_caps=True).order_by("external_id")[0]
    zone = zone_or(TIMEZONE, "UTC")
    today = now.astimezone(zone).date()
    friday = today + timedelta(days=(FRIDAY - today.weekday() - 1) % 7 + 1)
    put_on_hold(shop.pk, HOLD_WHY, end_of(friday, zone), User.objects.get(username="dora"), now)


def orders(
    bought: Sequence[Purchase], since: datetime | None = None, until: datetime | None = None
) -> Iterator[EventRow]:
    """The purchases in `since <= moment < until` as events, in the order of time; with those of the club."""
    events = sorted([*map(_order, bought), *_club(bought)], key=lambda row: (row.occurred_at, row.idempotency_key))
    for row in events:
        if (since is None or row.occurred_at >= since) and (until is None or row.occurred_at < until):
            yield row


def _order(purchase: Purchase) -> EventRow:
    return EventRow(
        customer=external_id(purchase.customer),
        name="ordered",
        occurred_at=purchase.at,
        idempotency_key=f"cdnow-{purchase.customer}-{purchase.number}",
        value=purchase.dollars,
        properties={"cds": purchase.cds},
    )


def _club(bought: Iterable[Purchase]) -> Iterator[EventRow]:
    """Made up: club members joined an hour after their first order, and most renewed a year later."""
    first: dict[str, datetime] = {}
    for purchase in bought:
        first.setdefault(purchase.customer, purchase.at)
    chance = random.Random(SEED)
    for person in people(first):
        renews = chance.random() < RENEWING
        if person.attributes["plan"] == "club":
            joined = first[person.number] + timedelta(hours=1)
            yield EventRow(person.external_id, "joined_club", joined, f"club-{person.number}-1", MEMBERSHIP)
            if renews:
                yield EventRow(person.external_id, "renewed_club", joined + YEAR, f"club-{person.number}-2", MEMBERSHIP)
