"""Moving a send by hand: what is refused and why, what the history keeps, and the way back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audiences.models import Workspace
from campaigns.models import Campaign, Send
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services import lifecycle, sends
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_user

# ruff: noqa: DTZ001 wall-clock times are naive

pytestmark = pytest.mark.django_db
SLOT, TO = datetime(2026, 11, 24, 9, 0), datetime(2026, 11, 25, 14, 30)
HOUR = NOW + timedelta(days=1)


def make_planned(**fields: Any) -> Send:
    campaign = make_campaign([make_segment(make_customers(2))], **fields)
    record_version(campaign.pk, None, NOW)
    return campaign.sends.earliest("due_at")


@pytest.mark.parametrize(("minutes", "moves"), [(16, True), (15, True), (14, False), (0, False), (-5, False)])
def test_nothing_is_moved_in_the_last_quarter_of_an_hour(minutes: int, moves: bool) -> None:
    send = make_planned()
    now = HOUR - timedelta(minutes=minutes)
    if moves:
        assert sends.move(send.pk, TO, None, now).due_at == NOW + timedelta(days=2, hours=5, minutes=30)
    else:
        with pytest.raises(NotAllowed, match=r"due at 09:00, and nothing is moved in the last 15 minutes.*change its"):
            sends.move(send.pk, TO, None, now)


@pytest.mark.parametrize(("minutes", "moves"), [(15, True), (14, False)])
def test_nothing_is_moved_to_less_than_a_quarter_of_an_hour_ahead(minutes: int, moves: bool) -> None:
    send = make_planned()
    to = NOW.replace(tzinfo=None) + timedelta(minutes=minutes)
    if moves:
        assert sends.move(send.pk, to, None, NOW).due_at == NOW + timedelta(minutes=minutes)
    else:
        with pytest.raises(NotAllowed, match="less than 15 minutes ahead: choose a later one"):
            sends.move(send.pk, to, None, NOW)


def test_the_freeze_is_as_long_as_the_operator_says(settings: Any) -> None:
    settings.FREEZE_MINUTES = 60
    send = make_planned()
    with pytest.raises(NotAllowed, match="in the last 60 minutes"):
        sends.move(send.pk, TO, None, HOUR - timedelta(minutes=59))


def test_at_everyones_own_hour_the_first_zone_on_earth_must_have_time_left() -> None:
    send = make_planned(zone="customer")
    # 22:00 in UTC+14 is 08:00 in UTC: gone for some, ahead for most.
    with pytest.raises(NotAllowed, match=r"first zone on earth \(UTC\+14\)"):
        sends.move(send.pk, datetime(2026, 11, 23, 22, 0), None, NOW)
    assert sends.move(send.pk, datetime(2026, 11, 23, 23, 30), None, NOW).local_due == "2026-11-23T23:30"


def test_a_day_of_a_continuous_campaign_and_a_template_stay_where_they_are() -> None:
    day = make_planned(trigger="event", event="signed_up")
    with pytest.raises(NotAllowed, match="continuous"):
        sends.move(day.pk, TO, None, NOW)
    send = make_planned()
    Campaign.objects.filter(pk=send.campaign_id).update(is_template=True)
    with pytest.raises(NotAllowed, match="is a template"):
        sends.move(send.pk, TO, None, NOW)


def test_an_hour_that_clocks_leap_over_goes_when_they_have_leapt() -> None:
    send = make_planned()
    Workspace.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Berlin"})
    moved = sends.move(send.pk, datetime(2027, 3, 28, 2, 30), None, NOW)
    assert f"{moved.due_at:%d %H:%M}" == "28 01:30"  # 03:30 by the clock on the wall


def test_the_history_says_who_from_when_to_when_and_why() -> None:
    send = make_planned()
    ana = make_user("ana", team=send.campaign.team, role="planner")
    sends.move(send.pk, TO, ana, NOW, send.sequence, "  after the fair ")
    entry = send.campaign.history.get(action="move send")
    assert (entry.by, entry.at, entry.version) == (ana, NOW, send.campaign.versions.get(number=2))
    assert entry.note == "Tue 24 Nov 2026 09:00 → Wed 25 Nov 2026 14:30: after the fair"


def test_a_second_click_changes_nothing_and_is_no_mistake() -> None:
    send = make_planned()
    once = sends.move(send.pk, TO, None, NOW, send.sequence)
    again = sends.move(send.pk, TO, None, NOW, send.sequence)
    assert (again.sequence, send.campaign.history.filter(action="move send").count()) == (once.sequence, 1)


def test_a_move_is_by_the_minute_as_the_plan_is_that_was_approved() -> None:
    send = make_planned()
    moved = sends.move(send.pk, TO + timedelta(seconds=59), None, NOW, send.sequence)
    assert (moved.due_at.minute, moved.due_at.second) == (TO.minute, 0)


def test_whoever_was_slower_is_refused() -> None:
    send = make_planned()
    sends.move(send.pk, TO, None, NOW, send.sequence)
    with pytest.raises(StaleChange, match="moved this send meanwhile"):
        sends.move(send.pk, TO + timedelta(hours=1), None, NOW, send.sequence)


def test_back_in_its_place_it_follows_the_trigger_again_and_is_not_approved() -> None:
    campaign = make_campaign([make_segment(make_customers(3))])
    lifecycle.approve(campaign.pk, lifecycle.ask_for_approval(campaign.pk, None, NOW).number, None, NOW)
    send = campaign.sends.get()
    moved = sends.move(send.pk, TO, None, NOW, send.sequence)
    assert moved.moved_by_hand
    back = sends.move(send.pk, SLOT, None, NOW, moved.sequence)
    assert (back.due_at, back.moved_by_hand) == (HOUR, False)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.approved_version) == ("draft", None)


def test_back_at_a_place_that_was_by_hand_it_is_by_hand_still() -> None:
    send = make_planned()
    first = sends.move(send.pk, TO, None, NOW)
    second = sends.move(send.pk, TO + timedelta(days=1), None, NOW, first.sequence)
    assert sends.move(send.pk, TO, None, NOW, second.sequence).moved_by_hand
