"""Firings of continuous campaigns, decided on one by one."""

from datetime import timedelta

import pytest

from audiences.models import Customer, Suppression
from campaigns.models import Campaign, Firing, Send
from deliveries.models import Delivery
from deliveries.queries.outcomes import outcomes_of
from deliveries.services.admitting_firings import admit_firings
from deliveries.services.finishing import finish_sends
from tests.builders import NOW, make_campaign, make_send
from tests.deliveries.scenes import approve, make_cap, make_firing, make_id_segment, make_spread, withheld

pytestmark = pytest.mark.django_db
IDS = [1, 2, 300, 700]


def make_day(**fields: object) -> Send:
    campaign = make_campaign([make_id_segment(IDS)], trigger="event", event="signed up", **fields)
    approve(campaign, Campaign.Status.RUNNING)
    campaign.refresh_from_db()
    return make_send(campaign, NOW.replace(hour=0), slot="2026-11-23")


def test_invariant_02_every_firing_is_decided_on_once_and_the_sums_are_exact() -> None:
    make_spread(IDS)
    Suppression.objects.create(customer_id=2, reason="manual")
    send = make_day()
    firings = [make_firing(send, pk, "event:1") for pk in IDS]
    assert admit_firings(NOW) == 4
    assert admit_firings(NOW) == 0
    send.refresh_from_db()
    outcome = outcomes_of([send.pk])[send.pk, "email"]
    assert (send.audience_size, outcome.decided, outcome.admitted) == (4, 4, 3)
    assert withheld(send) == {"suppressed": [firings[1].pk]}
    assert (send.state, send.version_id) == ("sending", send.campaign.approved_version_id)
    assert set(Firing.objects.values_list("state", flat=True)) == {"decided"}
    rows = Delivery.objects.order_by("pk").values_list("firing_id", "customer_id", "due_at")
    assert sorted(rows) == [(firings[place].pk, IDS[place], NOW) for place in (0, 2, 3)]


def test_a_customer_who_fires_twice_gets_it_twice_where_that_is_wanted() -> None:
    make_spread(IDS)
    send = make_day(reentry_days=0)
    for key in ("event:1", "event:2"):
        make_firing(send, 1, key)
    assert admit_firings(NOW) == 2
    assert Delivery.objects.count() == 2


def test_the_second_firing_sees_the_slot_of_the_first() -> None:
    make_spread(IDS)
    cap = make_cap(1)
    send = make_day(reentry_days=0)
    first, second = make_firing(send, 1, "event:1"), make_firing(send, 1, "event:2")
    admit_firings(NOW)
    assert list(Delivery.objects.values_list("firing_id", flat=True)) == [first.pk]
    assert withheld(send) == {f"capped cap:{cap.pk}": [second.pk]}


def test_once_per_customer_means_once() -> None:
    make_spread(IDS)
    send = make_day()
    make_firing(send, 1, "event:1")
    admit_firings(NOW)
    again = make_firing(send, 1, "event:2", NOW + timedelta(days=400))
    admit_firings(NOW + timedelta(days=400))
    assert withheld(send) == {"duplicate": [again.pk]}


def test_sets_of_several_rounds_are_merged() -> None:
    make_spread(IDS)
    Customer.objects.update(email="")
    send = make_day()
    firings = [make_firing(send, pk, "event:1", NOW + timedelta(minutes=pk)) for pk in (1, 2)]
    admit_firings(NOW + timedelta(minutes=1))
    admit_firings(NOW + timedelta(minutes=2))
    assert withheld(send) == {"unreachable": [firing.pk for firing in firings]}


def test_nothing_is_decided_while_the_campaign_is_paused_or_edited() -> None:
    make_spread(IDS)
    send = make_day()
    make_firing(send, 1, "event:1")
    for status in (Campaign.Status.PAUSED, Campaign.Status.DRAFT):
        Campaign.objects.update(status=status)
        assert admit_firings(NOW) == 0
    Campaign.objects.update(status=Campaign.Status.RUNNING)
    assert admit_firings(NOW) == 1


def test_a_day_is_done_when_it_is_over_and_nothing_is_left() -> None:
    make_spread(IDS)
    send = make_day()
    make_firing(send, 1, "event:1")
    admit_firings(NOW)
    Delivery.objects.update(state="sent")
    assert finish_sends(NOW) == 0
    assert finish_sends(NOW + timedelta(hours=18)) == 1
    send.refresh_from_db()
    assert send.state == "done"


def test_one_campaign_that_cannot_be_decided_on_holds_up_no_other() -> None:
    make_spread(IDS)
    broken, sound = make_day(channels=["no_such_channel"]), make_day()
    for send in (broken, sound):
        for pk in IDS:
            make_firing(send, pk, "event:1")
    assert admit_firings(NOW) == 4
    assert set(Delivery.objects.values_list("send_id", flat=True)) == {sound.pk}
    assert set(broken.firings.values_list("state", flat=True)) == {"waiting"}
