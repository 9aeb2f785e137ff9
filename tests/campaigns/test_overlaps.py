"""The checker: findings that are written, kept, acknowledged, reopened and resolved."""

from datetime import date, time, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audiences.models import Customer, SegmentRefresh
from campaigns.models import Campaign, Finding, Send
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services.overlaps import acknowledge, check_overlaps
from campaigns.services.planning import plan_sends
from campaigns.services.versions import record_version
from campaigns.tasks import check_overlaps as check_overlaps_task
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_team, make_topic, make_user

pytestmark = pytest.mark.django_db


def planned(people: list[Customer], **fields: Any) -> Campaign:
    campaign = make_campaign([make_segment(people)], **fields)
    plan_sends(campaign.pk, NOW)
    return campaign


def edit(campaign: Campaign, **fields: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**fields)
    record_version(campaign.pk, None, NOW)


def test_drafts_that_share_customers_on_one_channel_and_topic_are_duplicates() -> None:
    people = make_customers(4)
    first = planned(people[:3], goal_event="paid")
    second = planned(people[1:], start_date=date(2026, 11, 26), goal_event="renewed")
    assert check_overlaps(NOW) == 1
    finding = Finding.objects.get()
    assert (finding.key, finding.kind, finding.severity) == (f"duplicate:{first.pk}:{second.pk}", "duplicate", "high")
    assert (finding.shared, float(finding.percent_of_first), float(finding.percent_of_second)) == (2, 66.67, 66.67)
    assert finding.axes == ["channel:email", f"topic:{first.topic_id}"]
    assert finding.sends == [[first.sends.get().pk, second.sends.get().pk]]
    assert not finding.is_estimated


def test_checking_again_changes_nothing_but_when_it_was_checked() -> None:
    people = make_customers(3)
    for _ in range(3):
        planned(people)
    assert check_overlaps(NOW) == 3
    before = list(Finding.objects.order_by("pk").values())
    later = NOW + timedelta(minutes=1)
    assert check_overlaps(later) == 3
    assert list(Finding.objects.order_by("pk").values()) == [{**row, "checked_at": later} for row in before]


def test_two_daily_campaigns_are_one_finding() -> None:
    people = make_customers(12)
    daily = {"trigger": "recurring", "rrule": "FREQ=DAILY"}
    planned(people, **daily)
    planned(people, **daily, local_time=time(15, 0))
    assert check_overlaps(NOW) == 1
    finding = Finding.objects.get()
    assert (len(finding.sends), finding.sends_total) == (20, 525)


def test_sends_further_apart_than_the_window_are_left_alone() -> None:
    people = make_customers(3)
    planned(people)
    planned(people, start_date=date(2026, 11, 28))
    assert check_overlaps(NOW) == 0


@pytest.mark.parametrize("fields", [{"status": "cancelled"}, {"status": "done"}, {"is_template": True}])
def test_what_will_not_go_out_is_not_compared(fields: dict[str, Any]) -> None:
    people = make_customers(3)
    planned(people)
    other = planned(people)
    Campaign.objects.filter(pk=other.pk).update(**fields)
    assert check_overlaps(NOW) == 0


def test_crowding_is_told_above_the_threshold_alone() -> None:
    people = make_customers(20)
    planned(people, goal_event="a")
    planned(people[:9], goal_event="b", topic=make_topic("offers"))
    assert check_overlaps(NOW) == 0
    planned(people[:10], goal_event="c", topic=make_topic("news"), channels=["in_app"])
    check_overlaps(NOW)
    assert list(Finding.objects.values_list("kind", "shared")) == [("crowding", 10)]


def test_a_continuous_campaign_takes_part_as_estimated() -> None:
    people = make_customers(10)
    planned(people)
    fired = planned(people, trigger="event", event="signed_up")
    Send.objects.filter(campaign=fired).update(expected_volume=1)
    check_overlaps(NOW)
    finding = Finding.objects.get()
    assert (finding.is_estimated, finding.shared) == (True, 6)


def test_an_acknowledged_finding_stays_so_until_its_inputs_change() -> None:
    people = make_customers(4)
    planned(people[:3])
    second = planned(people[1:])
    check_overlaps(NOW)
    finding = Finding.objects.get()
    boss = make_user(team=make_team())
    acknowledge(finding.pk, boss, " Both are wanted. ", NOW)
    segment = second.include.get()
    newest = SegmentRefresh.objects.get(segment=segment)
    newest.pk, newest._state.adding = None, True
    newest.save()
    assert check_overlaps(NOW) == 0, "another refresh is no change"
    finding.refresh_from_db()
    assert (finding.state, finding.acknowledged_by, finding.acknowledged_reason) == (
        "acknowledged",
        boss,
        "Both are wanted.",
    )
    edit(second, local_time=time(16, 0))
    assert check_overlaps(NOW) == 1
    finding.refresh_from_db()
    assert (finding.state, finding.acknowledged_by, finding.acknowledged_reason) == ("open", None, "")


def test_a_change_to_the_rule_of_a_shared_segment_reopens() -> None:
    people = make_customers(3)
    first = planned(people)
    planned(people)
    check_overlaps(NOW)
    acknowledge(Finding.objects.get().pk, None, "fine", NOW)
    segment = first.include.get()
    segment.rule = {"all": []}
    segment.save()
    assert check_overlaps(NOW) == 1


def test_what_is_settled_is_resolved_and_opens_again_if_it_comes_back() -> None:
    people = make_customers(3)
    planned(people)
    second = planned(people)
    check_overlaps(NOW)
    edit(second, start_date=date(2026, 12, 24))
    assert check_overlaps(NOW) == 0
    assert Finding.objects.get().state == "resolved"
    edit(second, start_date=date(2026, 11, 24))
    assert check_overlaps(NOW) == 1
    assert Finding.objects.get().state == "open"


def test_checking_one_campaign_looks_at_its_pairs_alone() -> None:
    people = make_customers(3)
    first, second, third = (planned(people) for _ in range(3))
    check_overlaps(NOW, third.pk)
    assert {(f.first_id, f.second_id) for f in Finding.objects.all()} == {(first.pk, third.pk), (second.pk, third.pk)}
    check_overlaps_task(first.pk)
    assert Finding.objects.count() >= 2


def test_only_the_two_teams_acknowledge_and_only_with_a_reason() -> None:
    people = make_customers(3)
    planned(people)
    planned(people)
    check_overlaps(NOW)
    finding = Finding.objects.get()
    with pytest.raises(NotAllowed, match="one of the two teams"):
        acknowledge(finding.pk, make_user(team=make_team("product")), "x", NOW)
    with pytest.raises(NotAllowed, match="Say why"):
        acknowledge(finding.pk, None, "  ", NOW)
    acknowledge(finding.pk, None, "x", NOW)
    with pytest.raises(StaleChange, match="not open"):
        acknowledge(finding.pk, None, "x", NOW)


def test_a_check_costs_the_same_number_of_queries_for_two_campaigns_and_for_six() -> None:
    people = make_customers(3)
    costs = []
    for number in (2, 4):
        for _ in range(number):
            planned(people)
        Finding.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            check_overlaps(NOW)
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_checks_at_once_write_each_finding_once() -> None:
    people = make_customers(3)
    for _ in range(4):
        planned(people)
    barrier, errors = Barrier(3), list[Exception]()

    def check() -> None:
        try:
            barrier.wait()
            check_overlaps(NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Finding.objects.count() == 6
