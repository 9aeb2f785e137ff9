"""Continuous campaigns that follow how things stand: whoever enters a segment, and whoever falls silent."""

from datetime import datetime
from typing import Any

import pytest

from audiences.bitmaps import collect, dump
from audiences.models import Customer, Segment, SegmentRefresh
from campaigns.models import Campaign
from campaigns.services.firings import fire_all
from tests.builders import NOW, make_customer, make_customers
from tests.campaigns.scenes import DAY, HOUR, happen, keys, running

pytestmark = pytest.mark.django_db


def refresh(segment: Segment, at: datetime, entered: list[Customer], is_first: bool = False) -> SegmentRefresh:
    stored = dump(collect(customer.pk for customer in entered))
    return SegmentRefresh.objects.create(
        segment=segment, refreshed_at=at, members=stored, entered=stored, left=b"", size=1, is_first=is_first
    )


def test_entering_a_segment_fires_but_having_been_there_does_not() -> None:
    ann, bob, stranger = make_customers(3)
    segment = Segment.objects.create(slug="big-spenders", name="Big spenders")
    campaign = running([ann, bob], trigger="enters", event="", trigger_segment=segment)
    refresh(segment, NOW + HOUR, [ann, bob, stranger], is_first=True)
    fire_all(NOW + HOUR)
    assert keys(campaign) == []
    entry = refresh(segment, NOW + 2 * HOUR, [bob, stranger])
    assert [fire_all(NOW + 2 * HOUR), fire_all(NOW + 2 * HOUR)] == [1, 0]
    assert keys(campaign, customer=bob) == [f"enters:{entry.pk}"]


def silent(people: list[Customer], **fields: Any) -> Campaign:
    return running(people, trigger="silence", event="ordered", silence_days=30, **fields)


def test_a_silence_fires_when_its_days_have_passed_since_the_last_such_event() -> None:
    ann, bob, never = make_customers(3)
    happen(ann, NOW - 31 * DAY, "ordered")
    happen(ann, NOW - 29 * DAY, "ordered", imported=True)
    happen(bob, NOW - 29 * DAY, "ordered")
    campaign = silent([ann, bob, never])
    happen(bob, NOW + HOUR, "ordered")
    assert fire_all(NOW + DAY - HOUR) == 0
    assert [fire_all(NOW + DAY), fire_all(NOW + DAY), fire_all(NOW + 2 * DAY)] == [1, 0, 0]
    firing = campaign.firings.get()
    assert (firing.customer, firing.key, firing.due_at) == (ann, "silence:2026-10-25", NOW + DAY)


def test_a_silence_that_was_complete_before_the_start_stays_unanswered() -> None:
    ann = make_customer()
    happen(ann, NOW - 40 * DAY, "ordered")
    campaign = silent([ann])
    fire_all(NOW + DAY)
    assert keys(campaign) == []


def test_a_silence_that_ended_while_nobody_looked_still_fires_once() -> None:
    ann = make_customer()
    happen(ann, NOW - 29 * DAY, "ordered")
    campaign = silent([ann], reentry_days=0)
    happen(ann, NOW + DAY + HOUR, "ordered")
    assert fire_all(NOW + 3 * DAY) == 1
    assert keys(campaign) == ["silence:2026-10-25"]
