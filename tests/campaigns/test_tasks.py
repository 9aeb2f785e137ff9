"""The ticks: each reads the clock and calls one service."""

from datetime import timedelta

import pytest

from audiences.clock import read_now
from campaigns.models import Finding
from campaigns.services.lifecycle import approve, ask_for_approval
from campaigns.tasks import check_overlaps, fire_triggers, plan_all
from tests.builders import make_campaign, make_customers, make_segment

pytestmark = pytest.mark.django_db


def test_the_ticks_plan_fire_and_check() -> None:
    now = read_now()
    people = make_customers(2)
    day = (now + timedelta(days=2)).date()
    dated = [make_campaign([make_segment(people)], start_date=day) for _ in range(2)]
    fired = make_campaign([make_segment(people)], trigger="event", event="signed_up", goal_event="")
    approve(fired.pk, ask_for_approval(fired.pk, None, now).number, None, now)
    plan_all()
    fire_triggers()
    check_overlaps()
    fired.refresh_from_db()
    assert [campaign.sends.count() for campaign in dated] == [1, 1]
    assert fired.status == "running"
    assert Finding.objects.filter(first=dated[0], second=dated[1]).count() == 1
