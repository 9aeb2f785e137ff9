"""Shards admitted in one transaction each, once and for all."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audiences.bitmaps import collect, dump
from audiences.models import Customer, SegmentRefresh, Subscription, Suppression, Workspace
from campaigns.models import Campaign, Send
from campaigns.services import sends
from deliveries.models import Delivery, QuietHours, ShardAdmission
from deliveries.services import admitting
from deliveries.services.admitting import ShardToAdmit, admit_shard, begin_due_sends, shards_to_admit
from deliveries.services.finishing import finish_sends
from tests.builders import NOW, make_message, make_send, make_topic
from tests.deliveries.scenes import (
    SPREAD,
    admit_all,
    admitted,
    approve,
    make_approved_send,
    make_cap,
    make_spread,
    withheld,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_everybody_of_every_shard_is_admitted_with_all_that_the_message_needs() -> None:
    make_spread()
    send = make_approved_send(SPREAD)
    admit_all()
    assert admitted(send) == sorted(SPREAD)
    assert ShardAdmission.objects.filter(send=send).count() == 5
    row = Delivery.objects.filter(send=send).first()
    assert row is not None
    send.refresh_from_db()
    assert (row.state, row.variant, row.firing_id, row.version_id) == ("planned", "A", 0, send.version_id)
    assert (row.due_at, row.closes_at, row.expires_at) == (NOW, NOW + DAY, NOW + DAY)
    assert (row.topic_id, row.team_id) == (send.campaign.topic_id, send.campaign.team_id)
    assert (row.obeys_caps, row.counts_toward_caps, row.evidence) == (True, True, {})


def test_admitting_a_shard_again_does_nothing() -> None:
    make_spread()
    send = make_approved_send(SPREAD)
    begin_due_sends(NOW)
    assert shards_to_admit(NOW) == [ShardToAdmit(send.pk, shard, NOW) for shard in (0, 1, 2, 3, 4)]
    assert [admit_shard(send.pk, 1, NOW, NOW) for _ in range(2)] == [2, 0]
    assert Delivery.objects.filter(send=send).count() == 2


def test_a_paused_campaign_is_not_admitted_until_it_goes_on() -> None:
    make_spread()
    send = make_approved_send(SPREAD)
    begin_due_sends(NOW)
    Campaign.objects.update(status=Campaign.Status.PAUSED)
    assert shards_to_admit(NOW) == []
    assert admit_shard(send.pk, 1, NOW, NOW) == 0
    Campaign.objects.update(status=Campaign.Status.RUNNING)
    assert admit_shard(send.pk, 1, NOW, NOW) == 2


def test_a_send_that_was_frozen_goes_out_with_its_version_although_the_campaign_is_edited() -> None:
    make_spread()
    send = make_approved_send(SPREAD)
    begin_due_sends(NOW)
    Campaign.objects.update(status=Campaign.Status.DRAFT, approved_version=None)
    assert admit_shard(send.pk, 1, NOW, NOW) == 2


def test_every_reason_about_the_customer_takes_its_own() -> None:
    make_spread(range(1, 9))
    Customer.objects.filter(pk=1).update(email="")
    Suppression.objects.create(customer_id=2, channel="email", reason="manual")
    topic = make_topic()
    Subscription.objects.create(
        customer_id=3, topic=topic, channel="email", subscribed=False, source="customer", changed_at=NOW
    )
    send = make_approved_send(range(1, 9), topic=topic)
    admit_all()
    assert withheld(send) == {"unreachable": [1], "suppressed": [2], f"unsubscribed topic:{topic.pk}": [3]}
    assert admitted(send) == [4, 5, 6, 7, 8]


def test_a_transactional_message_heeds_a_hard_bounce_alone() -> None:
    make_spread(range(1, 5))
    Workspace(global_holdout_percent=50).save()
    make_cap(0)
    QuietHours.objects.create(channel="email", start=time(0), end=time(23))
    Suppression.objects.create(customer_id=1, channel="email", reason="complaint")
    Suppression.objects.create(customer_id=2, channel="email", reason="bounce")
    topic = make_topic("receipts", opt_in=True)
    send = make_approved_send(range(1, 5), transactional=True, topic=topic, holdout_percent=90)
    admit_all()
    assert withheld(send) == {"suppressed": [2]}
    assert admitted(send) == [1, 3, 4]
    assert not Delivery.objects.filter(counts_toward_caps=True).exists()


def test_the_first_channel_that_reaches_them_is_enough() -> None:
    make_spread(range(1, 4))
    Customer.objects.filter(pk=1).update(email="")
    send = make_approved_send(range(1, 4), channels=["email", "in_app"], reach="first")
    admit_all()
    assert (admitted(send), admitted(send, "in_app")) == ([2, 3], [1])
    assert withheld(send, "in_app") == {"other_channel channel:email": [2, 3]}


def test_the_second_channel_sees_the_slots_of_the_first() -> None:
    make_spread(range(1, 4))
    Customer.objects.filter(pk=1).update(email="")
    cap = make_cap(1)
    send = make_approved_send(range(1, 4), channels=["email", "in_app"])
    admit_all()
    assert (admitted(send), admitted(send, "in_app")) == ([2, 3], [1])
    assert withheld(send, "in_app") == {f"capped cap:{cap.pk}": [2, 3]}


def test_the_held_out_are_told_from_which() -> None:
    make_spread(range(1, 257))
    Workspace(global_holdout_percent=25).save()
    send = make_approved_send(range(1, 257), holdout_percent=50)
    admit_all()
    sizes = {reason: len(members) for reason, members in withheld(send).items()}
    assert set(sizes) == {"held_out global", "held_out campaign"}
    assert sum(sizes.values()) + len(admitted(send)) == 256
    assert all(30 < size < 130 for size in sizes.values())


def test_a_recurring_campaign_leaves_out_whoever_had_it_within_its_period() -> None:
    make_spread([1, 2])
    first = make_approved_send([1], reentry_days=7, trigger="recurring", rrule="FREQ=DAILY")
    admit_all()
    campaign = first.campaign
    SegmentRefresh.objects.filter(segment=campaign.include.get()).update(members=dump(collect([1, 2])))
    later = make_send(campaign, NOW + DAY)
    admit_all(NOW + DAY)
    assert withheld(later) == {"duplicate": [1]}
    assert admitted(later) == [2]


@pytest.mark.parametrize(("kind", "days"), [("rolling", 7), ("rolling", 1), ("calendar", 7), ("calendar", 1)])
def test_a_full_cap_withholds_and_is_named(kind: str, days: int) -> None:
    make_spread([1, 300])
    cap = make_cap(1, days, kind=kind)
    make_approved_send([1], NOW - timedelta(hours=2))
    admit_all(NOW - timedelta(hours=2))
    send = make_approved_send([1, 300])
    admit_all()
    assert withheld(send) == {f"capped cap:{cap.pk}": [1]}
    assert admitted(send) == [300]


def test_a_deferred_message_takes_its_slot_where_the_cap_frees() -> None:
    make_spread([1])
    make_cap(1, 1)
    make_approved_send([1], NOW - timedelta(hours=2))
    admit_all(NOW - timedelta(hours=2))
    send = make_approved_send([1], on_breach="defer", expires_after=timedelta(days=3))
    admit_all()
    assert list(Delivery.objects.filter(send=send).values_list("due_at", flat=True)) == [NOW + timedelta(hours=22)]


def test_a_deferral_minds_the_slots_that_are_taken_ahead_of_it() -> None:
    make_spread([1])
    make_cap(1, 1)
    for hours in (-2, 30):
        make_approved_send([1], NOW + timedelta(hours=hours))
        admit_all(NOW + timedelta(hours=hours))
    send = make_approved_send([1], on_breach="defer", expires_after=timedelta(days=3))
    admit_all()
    assert list(Delivery.objects.filter(send=send).values_list("due_at", flat=True)) == [NOW + timedelta(hours=54)]


def test_invariant_02_whoever_changes_zone_between_two_slices_is_decided_on_once() -> None:
    make_spread([1, 2, 3], timezone="Europe/Berlin")
    start = datetime(2026, 11, 22, 19, tzinfo=UTC)
    send = make_approved_send([1, 2, 3], start, "2026-11-23T09:00", zone="customer")
    Customer.objects.filter(pk=3).update(timezone="Asia/Tokyo")
    begin_due_sends(start)
    Customer.objects.filter(pk=1).update(timezone="Asia/Tokyo")  # hours before their hour came
    tokyo, berlin = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)
    admit_all(tokyo)
    Customer.objects.filter(pk=3).update(timezone="Europe/Berlin")  # has had it
    Customer.objects.filter(pk=2).update(timezone="America/New_York")
    for hours in range(20):
        admit_all(berlin + timedelta(hours=hours))
    rows = Delivery.objects.filter(send=send).order_by("customer").values_list("customer", "due_at")
    assert list(rows) == [(1, tokyo), (2, berlin + timedelta(hours=6)), (3, tokyo)]


def test_a_deferral_past_its_expiry_is_expired_and_names_the_cap() -> None:
    make_spread([1])
    cap = make_cap(1, 7)
    make_approved_send([1], NOW - timedelta(hours=2))
    admit_all(NOW - timedelta(hours=2))
    send = make_approved_send([1], on_breach="defer", expires_after=timedelta(days=3))
    admit_all()
    assert withheld(send) == {f"expired cap:{cap.pk}": [1]}


def test_quiet_hours_move_the_hour_in_the_customers_own_zone() -> None:
    make_spread([1], timezone="UTC")
    make_spread([2], timezone="America/New_York")  # 04:00 there
    make_spread([3], timezone="Not/AZone")
    QuietHours.objects.create(channel="email", start=time(21), end=time(8))
    send = make_approved_send([1, 2, 3])
    admit_all()
    rows = Delivery.objects.filter(send=send).order_by("customer").values_list("customer", "due_at", "closes_at")
    assert list(rows) == [
        (1, NOW, NOW + timedelta(hours=12)),
        (2, NOW + timedelta(hours=4), NOW + timedelta(hours=17)),
        (3, NOW, NOW + timedelta(hours=12)),
    ]


def test_quiet_hours_that_last_too_long_make_it_expired() -> None:
    make_spread([1])
    QuietHours.objects.create(channel="email", start=time(8), end=time(20))
    send = make_approved_send([1], expires_after=timedelta(hours=2))
    admit_all()
    assert withheld(send) == {"expired quiet_hours": [1]}


def test_a_local_send_is_admitted_zone_by_zone_and_the_zones_behind_are_missed() -> None:
    make_spread([1], timezone="Asia/Tokyo")
    make_spread([2], timezone="Europe/Berlin")
    make_spread([300], timezone="America/New_York")
    start = datetime(2026, 11, 23, 9, tzinfo=UTC) - timedelta(hours=14)
    send = make_approved_send([1, 2, 300], start, "2026-11-23T09:00", zone="customer")
    begin_due_sends(start)
    berlin = datetime(2026, 11, 23, 8, tzinfo=UTC)
    admit_all(berlin)
    assert withheld(send) == {"missed": [1]}
    assert admitted(send) == [2]
    admit_all(berlin + timedelta(hours=6))
    assert list(Delivery.objects.filter(send=send).order_by("pk").values_list("customer", "due_at")) == [
        (2, berlin),
        (300, berlin + timedelta(hours=6)),
    ]
    assert shards_to_admit(berlin + timedelta(hours=20)) == []


def test_variants_are_drawn_by_weight_and_stay_with_the_customer() -> None:
    make_spread(range(1, 257))
    send = make_approved_send(range(1, 257))
    make_message(send.campaign, "email", variant="B", weight=3)
    approve(send.campaign)
    again = make_send(send.campaign, NOW + DAY)
    admit_all()
    admit_all(NOW + DAY)
    first, second = (
        dict(Delivery.objects.filter(send=each).values_list("customer", "variant")) for each in (send, again)
    )
    assert first == second
    assert 160 < list(first.values()).count("B") < 220


def test_a_send_goes_on_to_sending_and_is_done_when_every_delivery_is() -> None:
    make_spread()
    send = make_approved_send(SPREAD)
    begin_due_sends(NOW)
    finish_sends(NOW)
    assert Send.objects.get().state == "admitting"
    admit_all()
    finish_sends(NOW)
    assert Send.objects.get().state == "sending"
    Delivery.objects.filter(send=send).update(state="sent")
    finish_sends(NOW)
    assert Send.objects.get().state == "done"


def test_an_empty_audience_is_done_at_once() -> None:
    make_approved_send([])
    admit_all()
    assert finish_sends(NOW) == 2
    assert Send.objects.get().state == "done"


def test_one_send_that_cannot_be_frozen_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    make_spread()
    bad, good = make_approved_send(SPREAD), make_approved_send(SPREAD)
    freeze = sends.freeze

    def break_on_bad(send_id: int, now: datetime) -> Any:
        if send_id == bad.pk:
            raise RuntimeError("broken")
        return freeze(send_id, now)

    monkeypatch.setattr(admitting, "freeze", break_on_bad)
    assert begin_due_sends(NOW) == [good.pk]


@pytest.mark.parametrize("ids", [[1], [1, 2, 3]])
def test_the_number_of_statements_does_not_depend_on_the_number_of_customers(ids: list[int]) -> None:
    make_spread(ids)
    make_cap(1)
    make_cap(2, 1, kind="calendar")
    QuietHours.objects.create(channel="email", start=time(21), end=time(8))
    make_approved_send(ids, NOW + timedelta(hours=1), priority=90)
    send = make_approved_send(ids)
    begin_due_sends(NOW)
    Workspace.current()
    with CaptureQueriesContext(connection) as queries:
        admit_shard(send.pk, 0, NOW, NOW)
    of_admission = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"] and "lock" not in query["sql"]]
    assert len(of_admission) == 21, "\n".join(sql[:150] for sql in of_admission)


def test_statistics_are_refreshed_whenever_the_admitted_shards_have_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [shard * 256 + 1 for shard in range(9)]
    make_spread(ids)
    send = make_approved_send(ids)
    refreshed: list[int] = []
    monkeypatch.setattr(
        admitting,
        "refresh_statistics",
        lambda _: refreshed.append(ShardAdmission.objects.filter(send=send).count()),
    )
    admit_all()
    assert refreshed == []
    monkeypatch.setattr(admitting, "MASS_INSERT", 1)
    send = make_approved_send(ids)
    admit_all()
    assert refreshed == [1, 2, 4, 8]


def test_a_slice_that_comes_after_the_last_one_finds_nothing_to_do() -> None:
    make_spread([1, 2], timezone="Pacific/Kiritimati")
    first = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)  # 09:00 on the 23rd, at UTC+14
    send = make_approved_send([1, 2], first, zone="customer", local_due="2026-11-23T09:00")
    begin_due_sends(first)
    assert admit_shard(send.pk, 0, first, first) == 2
    later = first + timedelta(hours=1)
    assert admit_shard(send.pk, 0, later, later) == 0
