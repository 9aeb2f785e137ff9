"""Planning: sends over 90 days, what an edit moves, and that planning again changes nothing."""

from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from audiences.models import Workspace
from campaigns.models import Campaign, Send
from campaigns.services import sends
from campaigns.services.lifecycle import approve, ask_for_approval, start
from campaigns.services.planning import Planned, plan_all, plan_sends
from campaigns.services.preflight import problems
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_customers, make_segment

pytestmark = pytest.mark.django_db
DAILY = {"trigger": "recurring", "rrule": "FREQ=DAILY"}
TUESDAYS = {"trigger": "recurring", "rrule": "FREQ=WEEKLY;BYDAY=TU"}


def berlin() -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Berlin"})


def planned(**fields: Any) -> Campaign:
    campaign = make_campaign([make_segment([make_customer()])], **fields)
    plan_sends(campaign.pk, NOW)
    return campaign


def edit(campaign: Campaign, **fields: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**fields)
    record_version(campaign.pk, None, NOW)


def on_calendar(campaign: Campaign) -> list[tuple[str, str]]:
    live = campaign.sends.exclude(state=Send.State.CANCELLED).order_by("due_at")
    return [(send.slot, f"{send.due_at:%m-%d %H:%M}") for send in live]


def test_a_date_gives_one_send_in_workspace_time() -> None:
    berlin()
    assert on_calendar(planned()) == [("2026-11-24T09:00", "11-24 08:00")]


def test_a_send_at_the_customers_own_hour_begins_with_the_first_zone_on_earth() -> None:
    send = planned(zone="customer").sends.get()
    assert (send.slot, send.local_due) == ("2026-11-24T09:00", "2026-11-24T09:00")
    assert send.due_at == datetime(2026, 11, 23, 19, 0, tzinfo=UTC)


def test_a_recurrence_is_planned_ninety_days_ahead_and_follows_the_clock_over_the_change() -> None:
    berlin()
    campaign = make_campaign([], trigger="recurring", rrule="FREQ=WEEKLY;BYDAY=SU", start_date=date(2026, 10, 4))
    before_the_change = datetime(2026, 10, 1, tzinfo=UTC)
    assert plan_sends(campaign.pk, before_the_change).created == 13
    assert on_calendar(campaign)[2:5] == [
        ("2026-10-18T09:00", "10-18 07:00"),
        ("2026-10-25T09:00", "10-25 08:00"),
        ("2026-11-01T09:00", "11-01 08:00"),
    ]


def test_planning_again_changes_nothing() -> None:
    campaign = planned(**DAILY)
    before = list(campaign.sends.values())
    assert len(before) == 89
    assert plan_sends(campaign.pk, NOW) == Planned()
    assert list(campaign.sends.values()) == before


def test_the_horizon_rolls_on() -> None:
    campaign = planned(**DAILY)
    assert plan_sends(campaign.pk, NOW + timedelta(days=2)) == Planned(created=2)


def test_a_new_hour_moves_the_sends_that_have_not_started() -> None:
    campaign = planned(**DAILY)
    first, second = campaign.sends.order_by("due_at")[:2]
    Send.objects.filter(pk=first.pk).update(state=Send.State.DONE)
    edit(campaign, local_time=time(10, 30))
    assert on_calendar(campaign)[:3] == [
        ("2026-11-24T09:00", "11-24 09:00"),
        ("2026-11-24T10:30", "11-24 10:30"),
        ("2026-11-25T10:30", "11-25 10:30"),
    ]
    moved = Send.objects.get(slot="2026-11-25T10:30")
    assert (moved.pk, moved.sequence) == (second.pk, second.sequence + 1)


def test_another_weekday_moves_every_send_by_its_order() -> None:
    campaign = planned(**TUESDAYS)
    ids = list(campaign.sends.order_by("due_at").values_list("pk", flat=True))
    edit(campaign, rrule="FREQ=WEEKLY;BYDAY=WE")
    live = campaign.sends.filter(state=Send.State.SCHEDULED).order_by("due_at")
    assert [send.slot[:10] for send in live][:2] == ["2026-11-25", "2026-12-02"]
    assert list(live.values_list("pk", flat=True)) == ids


def test_dropped_days_are_cancelled_and_come_back_with_the_same_row() -> None:
    campaign = planned(**DAILY)
    edit(campaign, **TUESDAYS)
    dropped = campaign.sends.get(slot="2026-11-25T09:00")
    assert (dropped.state, dropped.reason) == ("cancelled", "no longer in the schedule")
    assert campaign.sends.filter(state=Send.State.SCHEDULED).count() == 13
    edit(campaign, **DAILY)
    back = campaign.sends.get(slot="2026-11-25T09:00")
    assert (back.pk, back.state, back.reason, back.finished_at) == (dropped.pk, "scheduled", "", None)
    assert back.sequence > dropped.sequence
    assert campaign.sends.count() == 89


def test_a_send_moved_by_hand_keeps_its_place() -> None:
    campaign = planned(**TUESDAYS)
    record_version(campaign.pk, None, NOW)
    send = campaign.sends.earliest("due_at")
    sends.move(send.pk, datetime(2026, 11, 26, 15, 0), None, NOW)  # noqa: DTZ001 a wall clock
    edit(campaign, local_time=time(11, 0))
    assert on_calendar(campaign)[:2] == [("2026-11-24T11:00", "11-26 15:00"), ("2026-12-01T11:00", "12-01 11:00")]
    edit(campaign, rrule="FREQ=MONTHLY;BYMONTHDAY=5")
    assert on_calendar(campaign)[0] == ("2026-11-24T11:00", "11-26 15:00")
    assert plan_sends(campaign.pk, NOW) == Planned()


def test_a_send_cancelled_by_hand_stays_cancelled() -> None:
    campaign = planned(**TUESDAYS)
    send = campaign.sends.earliest("due_at")
    sends.cancel(send.pk, None, NOW)
    assert plan_sends(campaign.pk, NOW) == Planned()
    send.refresh_from_db()
    assert (send.state, send.reason) == ("cancelled", "cancelled by hand")


def test_a_send_that_is_due_and_waits_is_neither_moved_nor_made_again() -> None:
    campaign = planned(**DAILY)
    late = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert plan_sends(campaign.pk, late).moved == 0
    assert campaign.sends.filter(slot="2026-11-24T09:00", state=Send.State.SCHEDULED).count() == 1


def test_what_is_past_is_not_planned() -> None:
    assert on_calendar(planned(start_date=date(2026, 11, 23), local_time=time(8, 59))) == []
    assert on_calendar(planned(start_date=None)) == []


def test_a_rule_that_cannot_be_read_leaves_the_sends_alone() -> None:
    campaign = planned(**TUESDAYS)
    edit(campaign, rrule="FREQ=SECONDLY")
    assert campaign.sends.filter(state=Send.State.SCHEDULED).count() == 13


def test_templates_and_what_is_over_are_not_planned() -> None:
    assert on_calendar(planned(is_template=True)) == []
    assert on_calendar(planned(status="cancelled")) == []


def test_a_continuous_campaign_has_one_send_per_day() -> None:
    berlin()
    campaign = planned(trigger="event", event="signed_up")
    assert on_calendar(campaign)[:2] == [("2026-11-23", "11-22 23:00"), ("2026-11-24", "11-23 23:00")]
    assert campaign.sends.count() == 91


def test_the_expected_volume_of_a_dated_send_is_its_audience_now() -> None:
    everyone = make_customers(5)
    campaign = make_campaign([make_segment(everyone)])
    campaign.exclude.add(make_segment(everyone[:2]))
    plan_sends(campaign.pk, NOW)
    assert campaign.sends.get().expected_volume == 3


def test_the_days_of_a_continuous_campaign_end_when_nobody_fired() -> None:
    running = approved(trigger="event", event="signed_up")
    start(running.pk, NOW)
    draft = planned(trigger="event", event="signed_up")
    plan_all(NOW + timedelta(days=1))
    ended = Send.objects.filter(slot="2026-11-23").order_by("campaign").values_list("campaign", "state", "reason")
    assert list(ended) == [(running.pk, "done", "nobody fired"), (draft.pk, "missed", "not approved")]
    assert not Send.objects.filter(slot="2026-11-24").exclude(state=Send.State.SCHEDULED).exists()


def approved(**fields: Any) -> Campaign:
    campaign = make_campaign([make_segment([make_customer()])], **fields)
    approve(campaign.pk, ask_for_approval(campaign.pk, None, NOW).number, None, NOW)
    return campaign


def test_a_campaign_is_done_when_its_last_send_is() -> None:
    once, thrice = approved(), approved(trigger="recurring", rrule="FREQ=DAILY;COUNT=3")
    Send.objects.filter(slot="2026-11-24T09:00").update(state=Send.State.DONE)
    later = NOW + timedelta(days=1, hours=1)
    plan_all(later)
    assert _status(once) == "done"
    assert _status(thrice) == "approved"
    Send.objects.filter(campaign=thrice).update(state=Send.State.DONE)
    plan_all(later)
    assert _status(thrice) == "approved", "its third day is still to come"
    plan_all(NOW + timedelta(days=5))
    assert _status(thrice) == "done"


def _status(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


@pytest.mark.parametrize("trigger", [TUESDAYS, {**TUESDAYS, "zone": "customer"}])
def test_planning_costs_the_same_number_of_queries_for_one_send_and_for_thirteen(
    trigger: dict[str, Any], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Workspace.current()
    once, often = (make_campaign([make_segment([make_customer()])], **fields) for fields in ({}, trigger))
    with CaptureQueriesContext(connection) as queries:
        plan_sends(once.pk, NOW)
    with django_assert_num_queries(len(queries)):
        plan_sends(often.pk, NOW)


@pytest.mark.django_db(transaction=True)
def test_racing_planners_make_one_send_per_slot() -> None:
    campaign = make_campaign([make_segment([make_customer()])], **DAILY)
    barrier, errors = Barrier(4), list[Exception]()

    def race() -> None:
        try:
            barrier.wait()
            plan_sends(campaign.pk, NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert campaign.sends.count() == 89


def test_one_campaign_that_cannot_be_planned_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = make_campaign([]), make_campaign([])
    real = plan_sends

    def fails(campaign_id: int, now: datetime) -> Planned:
        if campaign_id == broken.pk:
            raise ArithmeticError
        return real(campaign_id, now)

    monkeypatch.setattr("campaigns.services.planning.plan_sends", fails)
    assert plan_all(NOW) == Planned(created=1)
    assert fine.sends.count() == 1
    assert f"Planning campaign {broken.pk} failed" in caplog.text


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_in_which_nobody_plans_is_no_error_but_a_sentence(year: int) -> None:
    campaign = planned(start_date=date(year, 12, 31), zone="customer")
    assert on_calendar(campaign) == []
    assert f"The day is in the year {year}: use one between 1900 and 2400." in [
        problem.sentence for problem in problems(campaign, NOW)
    ]


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_send_moves_into_a_slot_whose_own_send_was_dropped_before(by_hand: bool) -> None:
    campaign = planned(**DAILY)
    edit(campaign, trigger="at")
    live = campaign.sends.filter(state="scheduled")
    kept = live.get()
    live.update(moved_by_hand=by_hand)
    edit(campaign, start_date=date(2026, 11, 25))
    assert [(each.pk, each.slot) for each in live.all()] == [(kept.pk, "2026-11-25T09:00")]
    edit(campaign, trigger="recurring", rrule="FREQ=WEEKLY;BYDAY=MO,WE,FR")
    assert {slot for slot, _ in on_calendar(campaign)} >= {"2026-11-25T09:00", "2026-11-27T09:00"}
    assert {date.fromisoformat(slot[:10]).weekday() for slot, _ in on_calendar(campaign)} == {0, 2, 4}
