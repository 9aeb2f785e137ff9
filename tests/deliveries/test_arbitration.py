"""Slots that are spoken for by sends of higher order."""

from datetime import timedelta

import pytest

from audiences.models import Customer, Suppression
from campaigns.models import Campaign
from deliveries.models import QuietHours
from deliveries.services.admitting import admit_shard, begin_due_sends
from tests.builders import NOW, make_topic
from tests.deliveries.scenes import admit_all, admitted, make_approved_send, make_cap, make_spread, withheld

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
IDS = [1, 2, 300]


@pytest.fixture(autouse=True)
def customers() -> None:
    make_spread(IDS)


def test_a_newsletter_at_nine_leaves_the_slot_to_a_renewal_notice_at_noon() -> None:
    make_cap(1)
    renewal = make_approved_send([1, 300], NOW + 3 * HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert withheld(newsletter) == {f"yielded campaign:{renewal.campaign_id}": [1, 300]}
    assert admitted(newsletter) == [2]
    admit_all(NOW + 3 * HOUR)
    assert admitted(renewal) == [1, 300]


def test_slots_held_and_slots_spoken_for_add_up() -> None:
    make_cap(2)
    make_approved_send([1], NOW - 2 * HOUR)
    admit_all(NOW - 2 * HOUR)
    renewal = make_approved_send([1, 2], NOW + 3 * HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert withheld(newsletter) == {f"yielded campaign:{renewal.campaign_id}": [1]}


def test_the_winner_of_highest_order_is_named() -> None:
    make_cap(1)
    lower = make_approved_send([1, 2], NOW + HOUR, priority=80)
    higher = make_approved_send([1], NOW + 3 * HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert withheld(newsletter) == {
        f"yielded campaign:{higher.campaign_id}": [1],
        f"yielded campaign:{lower.campaign_id}": [2],
    }


def test_of_equals_at_one_hour_the_older_campaign_goes_first_whoever_is_admitted_first() -> None:
    make_cap(1)
    older, younger = make_approved_send([1]), make_approved_send([1])
    begin_due_sends(NOW)
    for send in (younger, older):
        admit_shard(send.pk, 0, NOW, NOW)
    assert withheld(younger) == {f"yielded campaign:{older.campaign_id}": [1]}
    assert admitted(older) == [1]


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": 10},  # an equal that is later
        {"priority": 90, "counts_toward_caps": False},
        {"priority": 90, "transactional": True},
        {"priority": 90, "due_at": NOW + timedelta(days=7)},  # outside of every window
    ],
)
def test_a_send_that_takes_no_slot_before_ours_wins_nothing(fields: dict[str, object]) -> None:
    make_cap(1)
    make_approved_send(IDS, **{"due_at": NOW + HOUR, **fields})  # type: ignore[arg-type]
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert admitted(newsletter) == IDS


def test_a_draft_wins_nothing() -> None:
    make_cap(1)
    draft = make_approved_send(IDS, NOW + HOUR, priority=90)
    Campaign.objects.filter(pk=draft.campaign_id).update(status=Campaign.Status.DRAFT, approved_version=None)
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert admitted(newsletter) == IDS


def test_whoever_the_winner_cannot_have_is_not_kept_for_it() -> None:
    make_cap(1)
    Customer.objects.filter(pk=1).update(email="")
    Suppression.objects.create(customer_id=2, channel="email", reason="manual")
    make_approved_send(IDS, NOW + HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10, channels=["in_app"])
    admit_all()
    assert admitted(newsletter, "in_app") == [1, 2]


def test_a_winner_in_another_scope_is_no_rival() -> None:
    make_cap(1, scope="topic", topic=make_topic("offers"))
    make_approved_send(IDS, NOW + HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10, topic=make_topic("offers"))
    admit_all()
    assert admitted(newsletter) == IDS


def test_a_calendar_cap_looks_at_the_customers_own_day() -> None:
    make_cap(1, 1, kind="calendar")
    Customer.objects.filter(pk=1).update(timezone="Asia/Tokyo")  # where the winner is due on the next day
    renewal = make_approved_send(IDS, NOW + 8 * HOUR, priority=90)
    newsletter = make_approved_send(IDS, priority=10)
    admit_all()
    assert withheld(newsletter) == {f"yielded campaign:{renewal.campaign_id}": [2, 300]}


def test_quiet_hours_move_the_winner_as_they_will() -> None:
    make_cap(1, 1)
    QuietHours.objects.create(channel="email", start="10:00", end="10:00:01")
    make_approved_send(IDS, NOW + HOUR, priority=90)  # which will go a second later, a whole day after ours
    newsletter = make_approved_send(IDS, NOW - 23 * HOUR + timedelta(seconds=1), priority=10, channels=["in_app"])
    admit_all(NOW - 23 * HOUR + timedelta(seconds=1))
    assert admitted(newsletter, "in_app") == IDS
