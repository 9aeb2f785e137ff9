"""The sample workspace: real purchases, made-up people, and a ledger that is true."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q, Sum

from audiences.models import Customer, Event, Hold, Segment, Subscription, Suppression
from audiences.queries.segments import check_rule
from calendar_project.sample import load_sample
from calendar_project.sample.people import people
from calendar_project.sample.plans import SKETCHES
from calendar_project.sample.purchases import purchases
from calendar_project.sample.sketches import working_day
from campaigns.models import (
    Campaign,
    Decision,
    Finding,
    Firing,
    HandoffMail,
    Membership,
    MinutesMail,
    Retirement,
    Review,
    Send,
)
from deliveries.models import Cap, Delivery, InboxItem
from tests.builders import NOW, make_customer

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 25)
WEDNESDAY = datetime(2026, 11, 25, 13, 30, tzinfo=BERLIN)


def test_the_purchases_are_a_systematic_tenth_of_the_master_file() -> None:
    bought = list(purchases(TODAY, BERLIN))
    customers = {purchase.customer for purchase in bought}
    assert len(bought) == 6856
    assert customers == {f"{number:05}" for number in range(4, 23_571, 10)}
    assert sum(purchase.dollars for purchase in bought) == Decimal("246438.53")
    assert sum(purchase.cds for purchase in bought) > 0


def test_the_last_purchase_was_yesterday_and_all_moved_by_the_same_days() -> None:
    days = sorted(purchase.at.astimezone(BERLIN).date() for purchase in purchases(TODAY, BERLIN))
    assert (days[-1], (days[-1] - days[0]).days) == (date(2026, 11, 24), (date(1998, 6, 30) - date(1997, 1, 1)).days)


def test_people_are_the_same_on_every_run_and_live_at_example_com() -> None:
    numbers = [f"{number:05}" for number in range(4, 2000, 10)]
    made = list(people(numbers))
    assert made == list(people(numbers))
    assert all(person.email.endswith("@example.com") for person in made if person.email)
    assert len({person.email for person in made if person.email}) == sum(1 for person in made if person.email)


@pytest.mark.parametrize(
    ("today", "number", "day"),
    [
        (date(2026, 11, 25), 1, date(2026, 11, 26)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 23), -1, date(2026, 11, 20)),
        (date(2026, 11, 29), 0, date(2026, 11, 27)),
        (date(2026, 11, 29), 1, date(2026, 11, 30)),
    ],
)
def test_working_days_pass_over_weekends(today: date, number: int, day: date) -> None:
    assert working_day(today, number) == day


def test_no_campaign_of_the_sample_is_without_words() -> None:
    assert all(sketch.messages and sketch.name and sketch.include for sketch in SKETCHES)
    assert "lorem" not in repr(SKETCHES).lower()


@pytest.mark.django_db
def test_the_sample_is_not_loaded_into_a_workspace_that_is_in_use() -> None:
    make_customer()
    with pytest.raises(CommandError, match="the sample goes into an empty one"):
        call_command("load_sample")
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_load_that_is_cut_off_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("calendar_project.sample.history.live_through", cut_off)
    with pytest.raises(KeyboardInterrupt):
        load_sample(NOW)
    assert not Customer.objects.exists()
    assert not Campaign.objects.exists()


@pytest.mark.django_db
def test_the_sample_holds_what_there_is_to_look_at() -> None:
    """One long look, because loading takes seconds."""
    loaded = load_sample(WEDNESDAY)
    assert (loaded.is_new, loaded.customers, loaded.teams) == (True, 2357, 3)
    assert Event.objects.filter(name="ordered").count() == 6856
    assert_people_and_consent()
    assert_campaigns_in_every_status()
    assert_the_ledger_adds_up()
    assert_nobody_is_over_a_cap()
    assert_one_review_was_held_and_one_is_open()

    # A second load does nothing, and says what there is.
    again = load_sample(NOW)
    assert (again.is_new, again.deliveries, again.campaigns) == (False, loaded.deliveries, loaded.campaigns)
    said = StringIO()
    call_command("load_sample", stdout=said)
    assert "there already" in said.getvalue()


def assert_people_and_consent() -> None:
    assert set(Membership.objects.values_list("role", flat=True)) == {"viewer", "planner", "approver"}
    assert Segment.objects.filter(kind="list").count() == 1
    assert Segment.objects.filter(kind="rule", size__gt=0).count() >= 6
    for segment in Segment.objects.filter(kind="rule"):
        assert check_rule(segment.rule, segment.slug).words
    assert set(Subscription.objects.values_list("subscribed", flat=True)) == {True, False}
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"bounce", "complaint", "manual"}
    held = Hold.objects.get()
    assert (held.since, held.until) == (WEDNESDAY, datetime(2026, 11, 28, tzinfo=BERLIN))


def assert_campaigns_in_every_status() -> None:
    assert set(Campaign.objects.values_list("status", flat=True)) == set(Campaign.Status.values)
    assert Campaign.objects.filter(is_template=True).exists()
    assert Campaign.objects.get(is_private=True).sends.filter(state="scheduled").exists()
    assert Finding.objects.filter(state="open", severity="high").exists()
    assert all(finding.acknowledged_reason for finding in Finding.objects.filter(state="acknowledged"))
    assert Finding.objects.filter(state="acknowledged").exists()
    assert Send.objects.filter(state="scheduled").exists()


def assert_the_ledger_adds_up() -> None:
    """Admitted + withheld = the frozen audience, on every channel of every dated send."""
    for send in Send.objects.filter(frozen_at__isnull=False, state="done").select_related("campaign"):
        for channel in send.campaign.channels:
            admitted = send.deliveries.filter(channel=channel).count()
            kept = send.withheld.filter(channel=channel).aggregate(n=Sum("size"))["n"] or 0
            assert admitted + kept == send.audience_size, (send, channel)
    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert states["sent"] > 5000
    assert states["failed"]
    assert states["uncertain"]
    assert states["sending"] == states["claimed"] == 0
    assert InboxItem.objects.count() == Delivery.objects.filter(channel="in_app", state="sent").count()
    assert Firing.objects.filter(state="decided").count() > 20


def assert_nobody_is_over_a_cap() -> None:
    """Over the whole ten days the cap of three a week allows no more than six of those that obey it."""
    cap = Cap.objects.get(scope="all")
    most = (
        Customer.objects.annotate(
            n=Count("deliveries", filter=Q(deliveries__obeys_caps=True, deliveries__state__in=Delivery.HOLDING))
        )
        .order_by("-n")
        .first()
    )
    assert most is not None
    assert cap.limit <= most.n <= 2 * cap.limit


def assert_one_review_was_held_and_one_is_open() -> None:
    """It is Wednesday of week 48."""
    assert list(Review.objects.values_list("week", "state")) == [("2026-W48", "open"), ("2026-W47", "closed")]
    held, present = Review.objects.get(state="closed"), Review.objects.get(state="open")
    assert {"keep", "hand_over"} == set(Decision.objects.values_list("kind", flat=True))
    assert held.items.filter(carries_over=True).exists()
    assert present.items.filter(carried=1).exists()
    assert present.items.filter(about="handoff").exists()
    assert not [mail for kind in (MinutesMail, HandoffMail) for mail in kind.objects.filter(sent_at=None)]
    assert Retirement.objects.get().learnt
