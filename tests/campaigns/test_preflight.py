"""Preflight: what stops an approval, and what is only a warning."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from audiences.models import AttributeName, Segment, SegmentRefresh, Workspace
from campaigns.models import Campaign
from campaigns.services.preflight import problems
from tests.builders import NOW, make_campaign, make_customer, make_customers, make_message, make_segment

pytestmark = pytest.mark.django_db


def blocking(campaign: Campaign) -> list[str]:
    return [problem.sentence for problem in problems(campaign, NOW) if problem.is_blocking]


def warnings(campaign: Campaign) -> list[str]:
    return [problem.sentence for problem in problems(campaign, NOW) if not problem.is_blocking]


def good(**fields: Any) -> Campaign:
    return make_campaign([make_segment([make_customer()])], **fields)


def test_a_complete_campaign_has_no_problems() -> None:
    for fields in (
        {},
        {"trigger": "recurring", "rrule": "FREQ=WEEKLY;BYDAY=TU"},
        {"trigger": "event", "event": "signed_up"},
        {"trigger": "silence", "event": "ordered", "silence_days": 30},
    ):
        assert problems(good(**fields), NOW) == []


def test_a_campaign_needs_somebody_to_write_to() -> None:
    assert blocking(make_campaign([])) == ["Include at least one segment: this campaign is for nobody."]
    campaign = good()
    campaign.exclude.set(campaign.include.all())
    assert blocking(campaign) == ["Every segment that is included is excluded as well: this campaign is for nobody."]


def test_an_audience_that_is_empty_just_now_is_a_warning() -> None:
    assert warnings(make_campaign([make_segment([])])) == ["Nobody is in this audience at the moment."]
    campaign = make_campaign([Segment.objects.create(slug="new", name="New")])
    assert warnings(campaign)[-1] == "The segment “New” has not been worked out yet."


def test_a_segment_on_both_sides_is_a_warning() -> None:
    shared = make_segment([make_customer()], "shared")
    campaign = make_campaign([shared, make_segment([make_customer()])])
    campaign.exclude.add(shared)
    assert warnings(campaign) == ["“shared” is both included and excluded: its members get nothing."]


def test_an_attribute_is_known_once_a_customer_carries_it() -> None:
    campaign = good(channels=["in_app"])
    make_message(campaign, "in_app", variant="B", title="{{ customer.attributes.plan }}")
    assert blocking(campaign) == [
        "The title (in_app, variant B): “customer.attributes.plan” is not known; customers have no such value."
    ]
    AttributeName.objects.create(name="plan")
    assert blocking(campaign) == []


def test_an_event_is_known_only_where_one_fires_the_campaign() -> None:
    dated, fired = good(channels=["in_app"]), good(channels=["in_app"], trigger="event", event="ordered")
    for campaign in (dated, fired):
        make_message(campaign, "in_app", variant="B", title="{{ event.total }}")
    assert len(blocking(dated)) == 1
    assert blocking(fired) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start_date": None}, "Say on which day and at what time it goes out."),
        ({"local_time": None}, "Say on which day and at what time it goes out."),
        ({"start_date": date(2026, 11, 22)}, "Its time has passed: nothing would go out."),
        ({"start_date": date(2026, 11, 23), "local_time": time(8, 59)}, "Its time has passed: nothing would go out."),
        ({"trigger": "recurring"}, "Say on which days it recurs, for example FREQ=WEEKLY;BYDAY=TU."),
        (
            {"trigger": "recurring", "rrule": "FREQ=SECONDLY"},
            "FREQ=SECONDLY goes more than once a day. Use DAILY, WEEKLY, MONTHLY or YEARLY.",
        ),
        (
            {"trigger": "recurring", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
            "This rule names no day within five years of its first day.",
        ),
        (
            {"trigger": "recurring", "rrule": "FREQ=DAILY;COUNT=2", "start_date": date(2026, 11, 1)},
            "Its time has passed: nothing would go out.",
        ),
        ({"trigger": "event"}, "Say which event it waits for."),
        ({"trigger": "enters"}, "Say which segment customers enter."),
        ({"trigger": "silence", "event": "x"}, "Say after how many days of silence it goes out."),
        (
            {"trigger": "event", "event": "x", "delay": timedelta(days=-1)},
            "The delay must be between nothing and 400 days.",
        ),
        (
            {"expires_after": timedelta()},
            "It would expire before it could leave: let it expire after some time, or never.",
        ),
        (
            {"at_least_once": True},
            "“At least once” is for transactional campaigns alone: a customer may get it twice.",
        ),
        ({"guardrails": ["ordered"]}, "“ordered” is both what it wants to see and what it does not."),
        ({"experiment_ends": date(2026, 11, 22)}, "Its experiment has ended: set a later end, or none."),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert blocking(good(**fields)) == [sentence]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"goal_event": ""}, "It has no goal"),
        ({"transactional": True}, "needs a reason"),
        ({"transactional": True, "hypothesis": "receipts", "holdout_percent": 5}, "holdout has no effect"),
        ({"trigger": "event", "event": "x", "unless_event": "y"}, "give it a delay"),
        ({"zone": "customer", "start_date": date(2026, 11, 23)}, "passed in the easternmost zones"),
    ],
)
def test_what_is_only_odd_is_a_warning(fields: dict[str, Any], part: str) -> None:
    campaign = good(**fields)
    assert blocking(campaign) == []
    assert part in "".join(warnings(campaign))


def test_an_hour_that_the_clock_jumps_over_is_told() -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Berlin"})
    campaign = good(start_date=date(2027, 3, 28), local_time=time(2, 30))
    assert warnings(campaign) == ["Clocks go forward over 02:30 that night: it goes at 03:30."]


def test_preflight_costs_the_same_for_one_segment_and_for_three(django_assert_num_queries: Any) -> None:
    Workspace.current()
    campaign = good()
    for number in (1, 3):
        campaign.include.set([make_segment(make_customers(2)) for _ in range(number)])
        with django_assert_num_queries(9):
            problems(campaign, NOW)
    assert SegmentRefresh.objects.count() > 1
