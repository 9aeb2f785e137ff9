"""The invariants of the design that campaigns keep, each by its number."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from audiences.models import Customer, Event, Workspace
from audiences.zones import zone_names
from campaigns.models import Campaign, Firing, Send
from campaigns.recurrence import instant, wall_time
from campaigns.services import lifecycle, sends
from campaigns.services.firings import fire
from campaigns.services.planning import plan_all, plan_sends
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_customers, make_segment, make_send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
RULES = st.sampled_from(
    ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYMONTHDAY=5"]
)
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "rrule": RULES,
        "local_time": st.sampled_from([time(9, 0), time(2, 30), time(23, 59)]),
        "zone": st.sampled_from(["workspace", "customer"]),
        "trigger": st.sampled_from(["recurring", "at", "event"]),
    },
)


class TestOnePerSlotAndKey(TestCase):
    """Properties over a database that is rolled back after each example."""

    @settings(max_examples=20)
    @given(st.lists(st.tuples(EDITS, st.integers(0, 60)), min_size=1, max_size=4))
    def test_invariant_01_one_send_per_campaign_and_slot_whatever_is_edited_and_planned_when(
        self, edits: list[tuple[dict[str, Any], int]]
    ) -> None:
        campaign = make_campaign([], trigger="recurring", rrule="FREQ=DAILY", event="signed_up")
        now = NOW
        for fields, days in edits:
            now += timedelta(days=days)
            Campaign.objects.filter(pk=campaign.pk).update(**fields)
            record_version(campaign.pk, None, now)
            plan_all(now)
            assert plan_sends(campaign.pk, now).created == 0
        slots = list(campaign.sends.values_list("slot", flat=True))
        assert len(slots) == len(set(slots))
        live = campaign.sends.filter(state=Send.State.SCHEDULED, due_at__gt=now).values_list("slot", flat=True)
        assert len({slot[:10] for slot in live}) == len(live), "one send per local date"

    @settings(max_examples=25)
    @given(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 200), st.booleans(), st.booleans()), min_size=1, max_size=12
        ),
        st.none() | st.integers(0, 3),
    )
    def test_invariant_01_one_firing_per_campaign_customer_and_key_however_often_it_is_read(
        self, happened: list[tuple[int, int, bool, bool]], reentry_days: int | None
    ) -> None:
        people = make_customers(3)
        campaign = running(people[:2], reentry_days=reentry_days)
        for number, (who, hours, imported, tick) in enumerate(happened):
            happen(people[who], NOW + hours * HOUR, f"{campaign.pk}-{number}", imported=imported)
            if tick:
                fire(campaign.pk, NOW + 100 * HOUR)
        fire(campaign.pk, NOW + 200 * HOUR)
        fire(campaign.pk, NOW + 200 * HOUR)
        fired = list(campaign.firings.values_list("customer_id", "key"))
        assert len(fired) == len(set(fired))
        expected = {(people[who].pk) for who, _, imported, _ in happened if who < 2 and not imported}
        assert {customer for customer, _ in fired} == expected, "everybody concerned fires, and nobody else"


def test_invariant_01_the_database_itself_refuses_a_second_send_and_a_second_firing() -> None:
    campaign, customer = make_campaign([]), make_customer()
    send = make_send(campaign, slot="2026-11-24")
    firing = {"campaign": campaign, "customer": customer, "key": "event:1", "occurred_at": NOW, "due_at": NOW}
    Firing.objects.create(**firing, send=send)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_send(campaign, slot="2026-11-24")
    with pytest.raises(IntegrityError), transaction.atomic():
        Firing.objects.create(**firing, send=send)


@pytest.mark.parametrize("status", ["draft", "in_review", "paused", "cancelled", "done"])
def test_invariant_05_nothing_is_frozen_that_is_not_approved(status: str) -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    version = record_version(campaign.pk, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    send = campaign.sends.get()
    assert sends.freeze(send.pk, send.due_at) is None
    # Not even where the status says so and no version was approved.
    Campaign.objects.filter(pk=campaign.pk).update(status="approved", approved_version=None)
    assert sends.freeze(send.pk, send.due_at) is None
    Campaign.objects.filter(pk=campaign.pk).update(approved_version=version)
    assert sends.freeze(send.pk, send.due_at) is not None


def test_invariant_05_an_edit_after_the_approval_voids_it_before_anything_leaves() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    approved = lifecycle.ask_for_approval(campaign.pk, None, NOW)
    lifecycle.approve(campaign.pk, approved.number, None, NOW)
    campaign.messages.update(subject="Something else")
    record_version(campaign.pk, None, NOW)
    send = campaign.sends.get()
    assert sends.freeze(send.pk, send.due_at) is None
    assert not lifecycle.start(campaign.pk, NOW)


def test_invariant_05_a_campaign_that_was_edited_fires_nothing_until_it_is_approved_again() -> None:
    ann = make_customer()
    campaign = running([ann])
    Campaign.objects.filter(pk=campaign.pk).update(priority=1)
    record_version(campaign.pk, None, NOW)
    happen(ann, NOW + HOUR, "1")
    assert fire(campaign.pk, NOW + HOUR) == 0


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(zone_names())).map(ZoneInfo),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.times(max_value=time(22, 0)),
)
def test_invariant_12_every_zone_has_one_send_per_local_date_and_none_in_the_gap(
    zone: ZoneInfo, day: date, clock: time
) -> None:
    local = datetime.combine(day, clock.replace(second=0, microsecond=0))
    shown = wall_time(instant(local, zone), zone)
    assert shown.date() == day
    assert wall_time(shown.replace(tzinfo=zone).astimezone(UTC), zone) == shown, "the clock shows it"


@pytest.mark.parametrize(
    ("zone", "day", "shown"),
    [
        ("Europe/Berlin", date(2027, 3, 28), "03:30"),  # 02:30 does not exist
        ("Europe/Berlin", date(2026, 10, 25), "02:30"),  # it exists twice
        ("America/New_York", date(2027, 3, 14), "03:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:30"),  # clocks go forward by half an hour, to this very minute
        ("Pacific/Kiritimati", date(2026, 11, 24), "02:30"),
    ],
)
def test_invariant_12_the_two_days_on_which_clocks_change_have_one_send_each(zone: str, day: date, shown: str) -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"timezone": zone})
    campaign = make_campaign([], trigger="recurring", rrule="FREQ=DAILY", start_date=day, local_time=time(2, 30))
    plan_sends(campaign.pk, datetime.combine(day - timedelta(days=2), time(), tzinfo=UTC))
    here = ZoneInfo(zone)
    moments = [wall_time(due_at, here) for due_at in campaign.sends.values_list("due_at", flat=True)]
    assert f"{min(moments):%H:%M}" == shown
    assert len({moment.date() for moment in moments}) == len(moments)


def test_invariant_12_a_send_at_everyones_own_hour_begins_at_the_date_line() -> None:
    campaign = make_campaign([], zone="customer")
    plan_sends(campaign.pk, NOW - timedelta(days=2))
    send = campaign.sends.get()
    assert wall_time(send.due_at, ZoneInfo("Pacific/Kiritimati")) == datetime.fromisoformat(send.local_due)


def running(people: list[Customer], **fields: Any) -> Campaign:
    campaign = make_campaign([make_segment(people)], trigger="event", event="signed_up", **fields)
    lifecycle.approve(campaign.pk, lifecycle.ask_for_approval(campaign.pk, None, NOW).number, None, NOW)
    fire(campaign.pk, NOW)
    return campaign


def happen(customer: Customer, at: datetime, key: str, **fields: Any) -> Event:
    return Event.objects.create(
        customer=customer, name="signed_up", occurred_at=at, received_at=at, idempotency_key=key, **fields
    )
