"""Goal events of the reached and of the held out: who counts, from when, until when, and once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audiences.bitmaps import collect, dump
from audiences.models import Customer, Event
from campaigns.models import Campaign, Firing, Send
from deliveries.models import Withheld
from deliveries.queries.goals import Arm, results
from tests.builders import NOW, make_campaign, make_customers, make_delivery, make_send, make_version

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 30 * DAY


def go_out(campaign: Campaign, at: datetime, reached: list[Customer], held: list[Customer], **fields: Any) -> Send:
    send = make_send(campaign, at, state=Send.State.DONE, version=make_version(campaign), frozen_at=at, **fields)
    for customer in reached:
        make_delivery(send, customer, state="sent")
    if held:
        hold_out(send, [customer.pk for customer in held])
    return send


def hold_out(send: Send, members: list[int], channel: str = "email") -> None:
    Withheld.objects.create(
        send=send, channel=channel, shard=0, reason="held_out", bound_by="campaign",
        members=dump(collect(members)), size=len(members),
    )  # fmt: skip


def does(customer: Customer, name: str, at: datetime) -> None:
    key = f"{customer.pk} {name} {at}"
    Event.objects.create(customer=customer, name=name, occurred_at=at, idempotency_key=key)


def counted(campaign: Campaign, within: timedelta | None = 3 * DAY, names: tuple[str, ...] = ("ordered",)) -> Any:
    found = results(campaign, names, within, LATER)
    return found.reached, found.held_out


def test_both_arms_are_counted_from_the_hour_of_the_send_to_the_end_of_the_window() -> None:
    people = make_customers(8)
    campaign = make_campaign()
    go_out(campaign, NOW, people[:5], people[5:])
    does(people[0], "ordered", NOW)
    does(people[1], "ordered", NOW + 3 * DAY - timedelta(seconds=1))
    does(people[2], "ordered", NOW + 3 * DAY)
    does(people[3], "ordered", NOW - timedelta(seconds=1))
    does(people[4], "looked", NOW + DAY)
    does(people[5], "ordered", NOW + DAY)
    assert counted(campaign) == (Arm(5, {"ordered": 2}), Arm(3, {"ordered": 1}))


def test_without_a_window_everything_since_counts() -> None:
    ann, ben = make_customers(2)
    campaign = make_campaign()
    go_out(campaign, NOW, [ann], [ben])
    does(ann, "ordered", NOW + 29 * DAY)
    assert counted(campaign, None) == (Arm(1, {"ordered": 1}), Arm(1, {"ordered": 0}))


def test_nobody_is_counted_twice_however_many_sends_channels_and_events_there_are() -> None:
    ann, ben = make_customers(2)
    campaign = make_campaign(channels=["email", "in_app"])
    for week in range(3):
        send = go_out(campaign, NOW + week * 7 * DAY, [ann], [ben])
        make_delivery(send, ann, "in_app", state="sent")
        hold_out(send, [ben.pk], "in_app")
        for each in (ann, ben):
            does(each, "ordered", send.due_at + DAY)
            does(each, "ordered", send.due_at + 2 * DAY)
    assert counted(campaign) == (Arm(1, {"ordered": 1}), Arm(1, {"ordered": 1}))


def test_an_event_counts_for_the_send_that_the_customer_had() -> None:
    ann, ben = make_customers(2)
    campaign = make_campaign()
    go_out(campaign, NOW, [ann], [])
    go_out(campaign, NOW + 7 * DAY, [ben], [])
    does(ann, "ordered", NOW + 8 * DAY)
    does(ben, "ordered", NOW + DAY)
    assert counted(campaign)[0] == Arm(2, {"ordered": 0})


def test_only_what_was_sent_reached_anybody() -> None:
    campaign = make_campaign()
    send = go_out(campaign, NOW, [], [])
    for state in ("planned", "failed", "uncertain", "cancelled"):
        does(make_delivery(send, state=state).customer, "ordered", NOW + DAY)
    make_send(campaign, NOW + DAY)
    assert counted(campaign) == (Arm(0, {"ordered": 0}), Arm(0, {"ordered": 0}))


def test_guardrails_are_counted_the_same_and_other_campaigns_are_not() -> None:
    ann, ben, cem = make_customers(3)
    campaign = make_campaign()
    go_out(campaign, NOW, [ann], [ben])
    go_out(make_campaign(), NOW, [cem], [])
    for each in (ann, ben, cem):
        does(each, "unsubscribed", NOW + DAY)
    assert counted(campaign, names=("ordered", "unsubscribed")) == (
        Arm(1, {"ordered": 0, "unsubscribed": 1}),
        Arm(1, {"ordered": 0, "unsubscribed": 1}),
    )


def test_a_continuous_campaign_is_counted_by_firing_from_the_moment_that_each_was_due() -> None:
    ann, ben = make_customers(2)
    campaign = make_campaign(trigger="event", event="signed_up")
    day = go_out(campaign, NOW, [], [], slot="2026-11-23")
    made = [
        Firing.objects.create(
            campaign=campaign, customer=customer, key=f"event:{number}", occurred_at=at, due_at=at, send=day,
            state="decided",
        )
        for number, (customer, at) in enumerate([(ann, NOW), (ann, NOW + 5 * DAY), (ben, NOW), (ben, NOW + 5 * DAY)])
    ]  # fmt: skip
    for firing in made[:2]:
        make_delivery(day, ann, state="sent", firing_id=firing.pk)
    hold_out(day, [firing.pk for firing in made[2:]])
    does(ann, "ordered", NOW + 6 * DAY)
    does(ben, "ordered", NOW + DAY)
    does(ben, "ordered", NOW + 6 * DAY)
    assert counted(campaign) == (Arm(2, {"ordered": 1}), Arm(2, {"ordered": 2}))


@pytest.mark.parametrize("trigger", ["at", "event"])
@pytest.mark.parametrize("count", [1, 3])
def test_it_takes_four_statements_whatever_the_number_of_sends(
    trigger: str, count: int, django_assert_num_queries: Any
) -> None:
    people = make_customers(4)
    campaign = make_campaign(trigger=trigger)
    for number in range(count):
        at = NOW + number * DAY
        go_out(campaign, at, people[:2], people[2:], slot=f"{at:%Y-%m-%d}" + "T09:00" * (trigger == "at"))
        does(people[0], "ordered", at)
    with django_assert_num_queries(4):
        counted(campaign)
