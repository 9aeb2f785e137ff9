"""Some of the customers behind a number of the forecast: those that it counted, page by page, and why."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyroaring import BitMap

from audiences.models import Customer, Subscription, Suppression, Workspace
from campaigns.models import Campaign
from deliveries.queries.forecast import forecast
from deliveries.queries.forecast_samples import Wanted, sample
from deliveries.queries.foretelling import foretell
from tests.builders import NOW, make_campaign, make_delivery, make_running_send, make_segment, make_topic
from tests.deliveries.scenes import make_cap, make_spread

pytestmark = pytest.mark.django_db
AT = NOW + timedelta(days=1)
IDS = [1, 2, 3, 255, 256, 257, 258, 700, 701]


@pytest.fixture
def campaign() -> Campaign:
    """Nine customers in three shards; two cannot be reached, two unsubscribed, one is suppressed, one at the cap."""
    Workspace.current()
    make_spread(IDS)
    people = list(Customer.objects.order_by("pk"))
    assert settings.SHARD_SIZE == 256
    made = make_campaign([make_segment(people)])
    Customer.objects.filter(pk__in=[1, 256]).update(email="", address_hash="")
    for pk in (2, 700):
        Subscription.objects.create(
            customer_id=pk, topic=made.topic, channel="email", subscribed=False, source="customer", changed_at=NOW
        )
    Suppression.objects.create(customer_id=3, channel="email", reason="bounce", created_at=NOW)
    make_cap(name="One a week", limit=1, days=7)
    other = make_running_send(make_campaign(topic=make_topic("news")), NOW - timedelta(days=2))
    make_delivery(other, people[3], state="sent")
    return made


def parts(campaign: Campaign) -> list[tuple[Wanted, int]]:
    (told,) = forecast(campaign, AT, NOW)
    withheld = [(Wanted("email", part.reason, part.bound_by), part.size) for part in told.withheld]
    return [(Wanted("email"), told.admitted), *withheld]


def everybody(campaign: Campaign, wanted: Wanted, most: int) -> list[int]:
    """Page after page."""
    found: list[int] = []
    while page := sample(campaign, AT, NOW, wanted, found[-1] if found else 0, most):
        found += [each.customer_id for each in page]
    return found


@pytest.mark.parametrize("most", [1, 2, 50])
def test_the_parts_hold_as_many_as_the_forecast_says_and_everybody_once(campaign: Campaign, most: int) -> None:
    seen = BitMap()
    for wanted, size in parts(campaign):
        found = everybody(campaign, wanted, most)
        assert found == sorted(found)
        assert len(found) == size
        assert not seen & BitMap(found)
        seen |= BitMap(found)
    assert list(seen) == IDS


def test_the_admitted_come_with_the_moment_that_they_are_due(campaign: Campaign) -> None:
    found = sample(campaign, AT, NOW, Wanted("email"), 0, 10)
    assert [(each.customer_id, each.due_at) for each in found] == [(257, AT), (258, AT), (701, AT)]


def test_a_page_looks_no_further_than_it_has_to(campaign: Campaign) -> None:
    def statements(beyond: int, most: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            sample(campaign, AT, NOW, Wanted("email"), beyond, most)
        return len(queries)

    assert statements(256, 2) < statements(0, 2) < statements(0, 10)
    assert statements(600, 10) < statements(0, 10)


def test_each_is_told_why(campaign: Campaign) -> None:
    topic = f"topic:{campaign.topic_id}"
    names = {topic: "Tips", "cap:1": "One a week"}
    told: dict[int, str] = {}
    for wanted, _ in parts(campaign):
        ids = [each.customer_id for each in sample(campaign, AT, NOW, wanted, 0, 50)]
        people = list(Customer.objects.filter(pk__in=ids))
        bound = {wanted.bound_by: names.get(topic if wanted.bound_by == topic else "cap:1", "")}
        told |= foretell(campaign, people, wanted, AT, bound)
    assert told == {
        1: "E-mail cannot reach them.",
        256: "E-mail cannot reach them.",
        2: "Not subscribed to “Tips” on E-mail: said so on 23 Nov 2026 "
        "(the customer, on the preference page or by one click).",
        700: "Not subscribed to “Tips” on E-mail: said so on 23 Nov 2026 "
        "(the customer, on the preference page or by one click).",
        3: "Suppressed after a bounce, a complaint or by hand: the address does not exist (hard bounce), "
        "on 23 Nov 2026.",
        255: "“One a week” is full: messages on 21 Nov.",
        257: "Gets it on E-mail.",
        258: "Gets it on E-mail.",
        701: "Gets it on E-mail.",
    }


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted("email", "held_out", "global"), "Held out of every campaign, so that its effect can be measured."),
        (Wanted("email", "held_out", "campaign"), "Held out of this campaign, so that its effect can be measured."),
        (Wanted("in_app", "other_channel", "channel:email"),
         "Reached by E-mail already, and the first channel that reaches them is enough."),
        (Wanted("email", "yielded", "campaign:9"), "Their slot is kept for “Renewal”, which goes first."),
        (Wanted("email", "yielded", "campaign:8"), "Their slot is kept for another campaign, which goes first."),
        (Wanted("email", "capped", "cap:x"), "A frequency cap is full."),
        (Wanted("email", "missed"), "Their hour had passed by more than the grace."),
        (Wanted("email", "duplicate"), "They had this campaign within its re-entry period: on 23 Nov 2026."),
    ],
)  # fmt: skip
def test_every_reason_has_its_sentence(wanted: Wanted, sentence: str) -> None:
    campaign = make_campaign()
    customer = make_delivery(make_running_send(campaign), state="sent").customer
    told = foretell(campaign, [customer], wanted, NOW + timedelta(days=1), {"campaign:9": "Renewal"})
    assert told == {customer.pk: sentence}
