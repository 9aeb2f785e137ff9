"""One send at its hour: frozen, missed, moved by hand, cancelled."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audiences.bitmaps import load
from campaigns.models import Campaign, Send
from campaigns.queries.sends import approved_sends_between, due_sends
from campaigns.services import lifecycle, sends
from campaigns.services.lifecycle import NotAllowed, StaleChange
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_user

# ruff: noqa: DTZ001 wall-clock times are naive

pytestmark = pytest.mark.django_db
HOUR = NOW + timedelta(days=1)  # when the builder's campaign is due


def make_approved(**fields: Any) -> Send:
    campaign = make_campaign([make_segment(make_customers(3))], **fields)
    lifecycle.approve(campaign.pk, lifecycle.ask_for_approval(campaign.pk, None, NOW).number, None, NOW)
    return campaign.sends.get()


def make_draft(**fields: Any) -> Send:
    campaign = make_campaign([make_segment(make_customers(3))], **fields)
    record_version(campaign.pk, None, NOW)
    return campaign.sends.get()


def outcome(send: Send) -> tuple[str, str]:
    send.refresh_from_db()
    return send.state, send.reason


def test_freezing_pins_the_audience_and_the_approved_version_and_starts_the_campaign() -> None:
    send = make_approved()
    frozen = sends.freeze(send.pk, HOUR)
    assert frozen is not None
    assert (frozen.state, frozen.audience_size, frozen.frozen_at) == ("admitting", 3, HOUR)
    assert frozen.version == frozen.campaign.approved_version
    assert len(load(frozen.audience)) == 3
    assert frozen.campaign.status == "running"
    assert sends.freeze(send.pk, HOUR) is None, "once is enough"


def test_a_send_is_not_frozen_before_its_hour() -> None:
    send = make_approved()
    assert sends.freeze(send.pk, HOUR - timedelta(seconds=1)) is None
    assert outcome(send) == ("scheduled", "")


def test_a_send_that_nobody_approved_waits_for_the_grace_and_is_missed() -> None:
    send = make_draft()
    assert sends.freeze(send.pk, HOUR + timedelta(minutes=60)) is None
    assert outcome(send) == ("scheduled", "")
    assert sends.freeze(send.pk, HOUR + timedelta(minutes=61)) is None
    assert outcome(send) == ("missed", "not approved")


def test_a_paused_send_is_missed_when_it_would_be_too_late() -> None:
    send = make_approved(expires_after=timedelta(hours=6))
    lifecycle.pause(send.campaign_id, None, NOW)
    assert sends.freeze(send.pk, HOUR + timedelta(hours=5)) is None
    assert outcome(send) == ("scheduled", "")
    assert sends.freeze(send.pk, HOUR + timedelta(hours=7)) is None
    assert outcome(send) == ("missed", "paused")


@pytest.mark.parametrize(("hours_late", "goes"), [(0, True), (1, True), (6, True), (48, False)])
def test_after_a_stop_a_send_goes_late_only_while_it_is_of_use(hours_late: int, goes: bool) -> None:
    send = make_approved(expires_after=timedelta(hours=12))
    frozen = sends.freeze(send.pk, HOUR + timedelta(hours=hours_late))
    assert (frozen is not None) is goes
    assert outcome(send)[0] == ("admitting" if goes else "missed")


def test_a_local_send_is_missed_only_when_the_last_zone_is_past() -> None:
    send = make_draft(zone="customer")
    sends.freeze(send.pk, HOUR + timedelta(hours=12))
    assert outcome(send) == ("scheduled", "")
    sends.freeze(send.pk, HOUR + timedelta(hours=13, minutes=1))
    assert outcome(send) == ("missed", "not approved")


def test_days_of_a_continuous_campaign_are_never_frozen() -> None:
    campaign = make_campaign([make_segment(make_customers(1))], trigger="event", event="signed_up")
    record_version(campaign.pk, None, NOW)
    today = campaign.sends.earliest("due_at")
    assert sends.freeze(today.pk, NOW) is None
    assert list(due_sends(NOW)) == []


def test_a_cancelled_campaign_freezes_nothing() -> None:
    send = make_approved()
    lifecycle.cancel(send.campaign_id, None, NOW)
    assert sends.freeze(send.pk, HOUR) is None
    assert outcome(send) == ("cancelled", "the campaign was cancelled")


def test_moving_a_send_is_an_edit_that_voids_the_approval() -> None:
    send = make_approved()
    moved = sends.move(send.pk, datetime(2026, 11, 25, 14, 30), None, NOW)
    assert (moved.slot, f"{moved.due_at:%d %H:%M}", moved.moved_by_hand) == ("2026-11-24T09:00", "25 14:30", True)
    campaign = Campaign.objects.get(pk=send.campaign_id)
    assert (campaign.status, campaign.versions.count()) == ("draft", 2)
    again = lifecycle.ask_for_approval(campaign.pk, None, NOW)
    lifecycle.approve(campaign.pk, again.number, None, NOW)
    assert sends.freeze(send.pk, moved.due_at) is not None
    assert record_version(campaign.pk, None, NOW) == again, "going out is no edit"


def test_a_local_send_is_moved_in_everyones_own_time() -> None:
    send = make_approved(zone="customer")
    moved = sends.move(send.pk, datetime(2026, 11, 25, 14, 0), None, NOW)
    assert (moved.local_due, f"{moved.due_at:%d %H:%M}") == ("2026-11-25T14:00", "25 00:00")


def test_a_send_that_started_or_was_moved_meanwhile_is_not_moved() -> None:
    send = make_approved()
    to = datetime(2026, 11, 25, 14, 30)
    with pytest.raises(StaleChange, match="moved this send meanwhile"):
        sends.move(send.pk, to, None, NOW, sequence=send.sequence + 1)
    with pytest.raises(NotAllowed, match="has passed"):
        sends.move(send.pk, datetime(2026, 11, 22, 9, 0), None, NOW)
    with pytest.raises(NotAllowed, match="between 1900 and 2400"):
        sends.move(send.pk, datetime(9999, 12, 31, 9, 0), None, NOW)
    with pytest.raises(NotAllowed, match="Only planners"):
        sends.move(send.pk, to, make_user(), NOW)
    sends.freeze(send.pk, HOUR)
    with pytest.raises(NotAllowed, match="admitting already"):
        sends.move(send.pk, to, None, NOW)


def test_one_send_is_cancelled_without_the_campaign_and_once() -> None:
    send = make_approved()
    sends.cancel(send.pk, None, NOW)
    assert outcome(send) == ("cancelled", "cancelled by hand")
    assert Campaign.objects.get(pk=send.campaign_id).status == "approved"
    with pytest.raises(StaleChange, match="nothing left to cancel"):
        sends.cancel(send.pk, None, NOW)


def test_state_moves_only_from_what_was_expected_and_counts_the_change() -> None:
    send = make_approved()
    assert not sends.move_state(send.pk, ["sending"], "done", NOW)
    assert sends.move_state(send.pk, ["scheduled"], "missed", NOW, reason="x")
    assert outcome(send) == ("missed", "x")
    assert (send.sequence, send.changed_at) == (1, NOW)


def test_due_sends_are_the_dated_ones_oldest_first_whether_approved_or_not() -> None:
    draft, sure = make_draft(), make_approved()
    make_draft(is_template=False, trigger="recurring", rrule="FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1")
    assert [send.pk for send in due_sends(HOUR)] == [draft.pk, sure.pk]
    assert list(due_sends(HOUR - timedelta(seconds=1))) == []


def test_only_approved_sends_hold_a_claim_on_customers() -> None:
    make_draft()
    sure = make_approved()
    assert [send.pk for send in approved_sends_between(NOW, HOUR + timedelta(1))] == [sure.pk]
