"""Continuous campaigns: what fires them, once, and what does not."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audiences.bitmaps import collect, dump
from audiences.models import Event, SegmentRefresh
from campaigns.models import Campaign, Firing, Send
from campaigns.queries.firings import due_firings
from campaigns.services import lifecycle, sends
from campaigns.services.firings import drop_unwanted, fire, fire_all
from campaigns.services.planning import plan_all
from campaigns.services.versions import record_version
from tests.builders import NOW, make_customer, make_customers
from tests.campaigns.scenes import DAY, HOUR, happen, keys, running

pytestmark = pytest.mark.django_db


def test_an_event_of_somebody_in_the_audience_fires_once_however_often_it_is_read() -> None:
    ann, stranger = make_customers(2)
    campaign = running([ann])
    event = happen(ann, NOW + HOUR)
    happen(stranger, NOW + HOUR)
    happen(ann, NOW + HOUR, name="something_else")
    assert [fire_all(NOW + HOUR), fire_all(NOW + HOUR), fire_all(NOW + 2 * HOUR)] == [1, 0, 0]
    firing = campaign.firings.get()
    assert (firing.customer, firing.key, firing.state) == (ann, f"event:{event.pk}", "waiting")
    assert firing.send is not None
    assert firing.send.slot == "2026-11-23"


def test_what_happened_before_the_campaign_started_never_fires() -> None:
    ann = make_customer()
    happen(ann, NOW - HOUR)
    campaign = running([ann])
    happen(ann, NOW - HOUR, idempotency_key="late", received_at=NOW + HOUR)
    fire_all(NOW + HOUR)
    assert keys(campaign) == []


def test_imported_history_never_fires() -> None:
    ann = make_customer()
    campaign = running([ann])
    happen(ann, NOW + HOUR, imported=True)
    fire_all(NOW + HOUR)
    assert keys(campaign) == []


def test_a_campaign_that_is_not_approved_reads_nothing_and_starts_afresh_when_it_is() -> None:
    ann = make_customer()
    campaign = running([ann])
    Campaign.objects.filter(pk=campaign.pk).update(priority=1)
    record_version(campaign.pk, None, NOW)
    happen(ann, NOW + HOUR)
    assert fire(campaign.pk, NOW + HOUR) == 0
    again = lifecycle.ask_for_approval(campaign.pk, None, NOW + HOUR)
    lifecycle.approve(campaign.pk, again.number, None, NOW + HOUR)
    assert fire(campaign.pk, NOW + 2 * HOUR) == 0
    happen(ann, NOW + 3 * HOUR)
    assert fire(campaign.pk, NOW + 3 * HOUR) == 1


def test_a_pause_skips_nobody() -> None:
    ann = make_customer()
    campaign = running([ann])
    lifecycle.pause(campaign.pk, None, NOW)
    happen(ann, NOW + HOUR)
    assert fire(campaign.pk, NOW + HOUR) == 0
    lifecycle.resume(campaign.pk, None, NOW + 2 * HOUR)
    assert fire(campaign.pk, NOW + 2 * HOUR) == 1


def test_a_row_that_becomes_visible_after_one_with_a_higher_id_still_fires() -> None:
    ann, bob = make_customers(2)
    campaign = running([ann, bob])
    first = happen(ann, NOW + HOUR)
    kept = {"pk": first.pk, "customer": ann, "name": "signed_up", "idempotency_key": "x"}
    first.delete()
    happen(bob, NOW + HOUR)
    fire_all(NOW + HOUR)
    Event.objects.create(occurred_at=NOW + HOUR, received_at=NOW + HOUR, **kept)
    fire_all(NOW + HOUR + timedelta(minutes=1))
    assert set(campaign.firings.values_list("customer", flat=True)) == {ann.pk, bob.pk}


def test_the_cursor_leaves_behind_what_everybody_has_seen() -> None:
    ann = make_customer()
    campaign = running([ann])
    event = happen(ann, NOW + HOUR)
    fire_all(NOW + 2 * HOUR)
    assert Campaign.objects.get(pk=campaign.pk).cursor.position == event.pk


@pytest.mark.parametrize(("reentry_days", "fired"), [(None, [0]), (0, [0, 1, 2, 9]), (7, [0, 9])])
def test_reentry_is_once_or_after_days_or_always(reentry_days: int | None, fired: list[int]) -> None:
    ann = make_customer()
    campaign = running([ann], reentry_days=reentry_days)
    events = {day: happen(ann, NOW + HOUR + day * DAY) for day in (0, 1, 2, 9)}
    for day in range(10):
        fire_all(NOW + 2 * HOUR + day * DAY)
    assert keys(campaign) == [f"event:{events[day].pk}" for day in fired]


@pytest.mark.parametrize("hours", [0, 1, 6, 48])
def test_after_a_stop_what_is_still_of_use_goes_once_and_the_rest_is_dropped(hours: int) -> None:
    ann = make_customer()
    campaign = running([ann], expires_after=timedelta(hours=12))
    happen(ann, NOW + HOUR)
    back = NOW + HOUR + timedelta(hours=hours)
    fire_all(back)
    fire_all(back)
    firing = campaign.firings.get()
    assert firing.state == ("dropped" if hours == 48 else "waiting")
    assert firing.send is not None, "whoever asks about that day is told of it"
    assert [due.pk for due in due_firings(back, 10)] == ([] if hours == 48 else [firing.pk])


def test_a_firing_that_is_read_late_belongs_to_today() -> None:
    ann = make_customer()
    campaign = running([ann])
    happen(ann, NOW + HOUR)
    fire_all(NOW + 2 * DAY)
    plan_all(NOW + 2 * DAY)
    send = campaign.firings.get().send
    assert send is not None
    assert (send.slot, send.state) == ("2026-11-25", "scheduled")


def test_a_delay_puts_the_firing_on_the_day_when_it_is_due() -> None:
    ann = make_customer()
    campaign = running([ann], delay=timedelta(days=120))
    happen(ann, NOW + HOUR)
    fire_all(NOW + HOUR)
    firing = campaign.firings.get()
    assert firing.due_at == NOW + HOUR + timedelta(days=120)
    assert firing.send is not None
    assert firing.send.slot == "2027-03-23"
    assert due_firings(NOW + HOUR, 10) == []


def test_the_unless_event_that_came_first_drops_the_firing() -> None:
    ann, bob, cleo = make_customers(3)
    campaign = running([ann, bob, cleo], event="left_cart", unless_event="ordered", delay=3 * HOUR)
    for customer in (ann, bob, cleo):
        happen(customer, NOW + HOUR, "left_cart")
    happen(ann, NOW + 2 * HOUR, "ordered")
    happen(bob, NOW + timedelta(minutes=30), "ordered")
    fire_all(NOW + HOUR)
    due = due_firings(NOW + 4 * HOUR, 10)
    assert drop_unwanted(due, NOW + 4 * HOUR) == 1
    assert set(campaign.firings.filter(state="waiting").values_list("customer", flat=True)) == {bob.pk, cleo.pk}
    assert campaign.firings.get(customer=ann).reason == "the event of “unless” came first"


def test_whoever_left_the_audience_or_whose_day_was_cancelled_is_dropped() -> None:
    ann, bob = make_customers(2)
    campaign = running([ann, bob])
    happen(ann, NOW + HOUR)
    happen(bob, NOW + HOUR)
    fire_all(NOW + HOUR)
    due = due_firings(NOW + HOUR, 10)
    segment = campaign.include.get()
    SegmentRefresh.objects.create(
        segment=segment, refreshed_at=NOW, members=dump(collect([bob.pk])), entered=b"", left=b"", size=1
    )
    Send.objects.filter(slot="2026-11-23").update(state="cancelled")
    assert drop_unwanted(due, NOW + HOUR) == 2
    assert dict(campaign.firings.values_list("customer", "reason")) == {
        ann.pk: "not in the audience any more",
        bob.pk: "its day was cancelled",
    }


def test_a_dropped_firing_does_not_use_up_the_one_time() -> None:
    ann = make_customer()
    campaign = running([ann])
    happen(ann, NOW + HOUR)
    fire_all(NOW + HOUR)
    campaign.firings.update(state=Firing.State.DROPPED)
    later = happen(ann, NOW + HOUR + timedelta(seconds=30))
    fire_all(NOW + HOUR + timedelta(minutes=1))
    assert keys(campaign, state="waiting") == [f"event:{later.pk}"]


def test_reading_in_batches_fires_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.services.firings.BATCH", 2)
    people = make_customers(5)
    campaign = running(people)
    for customer in people:
        happen(customer, NOW + HOUR)
    assert fire_all(NOW + HOUR) == 5
    assert len(keys(campaign)) == 5


def test_a_tick_costs_the_same_number_of_queries_for_one_event_and_for_three() -> None:
    people = make_customers(4)
    campaign = running(people)
    costs = []
    for at, number in ((NOW + HOUR, 1), (NOW + 2 * HOUR, 1), (NOW + 3 * HOUR, 3)):
        for customer in people[:number]:
            happen(customer, at)
        with CaptureQueriesContext(connection) as queries:
            fire(campaign.pk, at)
        costs.append(len(queries))
        campaign.firings.all().delete()
    assert costs[1] == costs[2]


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_fire_once() -> None:
    people = make_customers(20)
    campaign = running(people)
    for customer in people:
        happen(customer, NOW + HOUR)
    barrier, fired, errors = Barrier(4), list[int](), list[Exception]()

    def tick() -> None:
        try:
            barrier.wait()
            fired.append(fire(campaign.pk, NOW + HOUR))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (sum(fired), campaign.firings.count()) == (20, 20)


def test_a_firing_whose_day_was_closed_as_it_was_written_goes_to_today() -> None:
    ann = make_customer()
    campaign = running([ann], reentry_days=0)
    happen(ann, NOW + HOUR)
    fire(campaign.pk, NOW + HOUR)
    campaign.sends.filter(slot="2026-11-23").update(state=Send.State.DONE)
    plan_all(NOW + DAY)
    assert [firing.send.slot for firing in due_firings(NOW + DAY, 10) if firing.send] == ["2026-11-24"]


def test_what_fires_on_a_day_that_was_cancelled_by_hand_does_not_wait_for_ever() -> None:
    ann = make_customer()
    campaign = running([ann])
    today = campaign.sends.get(slot="2026-11-23")
    sends.cancel(today.pk, None, NOW)
    happen(ann, NOW + HOUR)
    fire(campaign.pk, NOW + HOUR)
    plan_all(NOW + HOUR)
    firing = campaign.firings.get()
    assert (firing.state, firing.reason) == ("dropped", "its day was cancelled")
