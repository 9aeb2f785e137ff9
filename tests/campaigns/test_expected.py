"""Expected volumes: an audience now, or what the trigger would have brought per day lately."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.bitmaps import collect, dump
from audiences.models import Event, Segment, SegmentRefresh
from campaigns.expectations import expected_per_day
from campaigns.services.planning import plan_sends
from tests.builders import NOW, make_campaign, make_customers, make_segment

DAY = timedelta(days=1)


def test_a_mean_is_rounded_up_and_nothing_stays_nothing() -> None:
    assert [expected_per_day(happened) for happened in (0, 1, 28, 29, 280)] == [0, 1, 1, 2, 10]
    assert expected_per_day(5, timedelta(hours=1)) == 5


@pytest.mark.django_db
def test_a_continuous_campaign_expects_what_happened_to_its_audience_in_the_last_28_days() -> None:
    people = make_customers(3)
    for number in range(60):
        happened = {"customer": people[number % 3], "name": "ordered", "imported": True}
        Event.objects.create(occurred_at=NOW - DAY, idempotency_key=str(number), **happened)
        Event.objects.create(occurred_at=NOW - 29 * DAY, idempotency_key=f"old{number}", **happened)
    assert _volume(people[:2], trigger="event", event="ordered") == 2  # 40 in 28 days
    assert _volume(people, trigger="silence", event="ordered", silence_days=20) == 1
    segment = Segment.objects.create(slug="s", name="S")
    entered = dump(collect(customer.pk for customer in people))
    for _ in range(20):
        SegmentRefresh.objects.create(
            segment=segment, refreshed_at=NOW - DAY, members=b"", entered=entered, left=b"", size=3
        )
    assert _volume(people[:2], trigger="enters", trigger_segment=segment) == 2


def _volume(people: list[Any], **fields: Any) -> int:
    campaign = make_campaign([make_segment(people)], **fields)
    plan_sends(campaign.pk, NOW)
    (volume,) = set(campaign.sends.values_list("expected_volume", flat=True))
    return volume
