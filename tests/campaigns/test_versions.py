"""Versions: what makes a new one, and what an edit does to an approval."""

from datetime import time

import pytest

from campaigns.models import Campaign, Send
from campaigns.plan import Plan
from campaigns.queries.campaigns import read_plan
from campaigns.services import lifecycle
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_message, make_segment

pytestmark = pytest.mark.django_db


def test_a_version_is_the_rows_as_one_value_and_comes_back_as_it_was() -> None:
    campaign = make_campaign([make_segment([make_customer()])], channels=["email", "in_app"], guardrails=["left"])
    version = record_version(campaign.pk, None, NOW)
    assert Plan.from_json(version.plan) == read_plan(campaign)
    version.refresh_from_db()
    assert Plan.from_json(version.plan).digest() == version.digest


def test_recording_again_without_an_edit_gives_the_same_version() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    first = record_version(campaign.pk, None, NOW)
    assert record_version(campaign.pk, None, NOW) == first
    assert [entry.action for entry in campaign.history.all()] == ["created"]


@pytest.mark.parametrize("status", ["in_review", "approved", "running", "paused"])
def test_any_edit_voids_the_approval_and_is_written_down(status: str) -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    first = record_version(campaign.pk, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(status=status, approved_version=first)
    make_message(campaign, variant="B")
    second = record_version(campaign.pk, None, NOW)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.approved_version, second.number) == ("draft", None, 2)
    assert [entry.action for entry in campaign.history.all()] == ["created", "edited", "edit"]
    assert campaign.history.get(action="edited").note == "content"


def test_sends_that_went_out_keep_the_version_they_went_out_with() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    first = record_version(campaign.pk, None, NOW)
    send = campaign.sends.get()
    Send.objects.filter(pk=send.pk).update(state="sending", version=first)
    Campaign.objects.filter(pk=campaign.pk).update(local_time=time(10, 0))
    record_version(campaign.pk, None, NOW)
    send.refresh_from_db()
    assert (send.state, send.version, send.slot) == ("sending", first, "2026-11-24T09:00")


def test_every_field_that_is_approved_makes_a_new_version() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    numbers = [record_version(campaign.pk, None, NOW).number]
    for change in ({"name": "B"}, {"priority": 1}, {"goal_event": "paid"}, {"holdout_percent": 5}, {"reach": "first"}):
        Campaign.objects.filter(pk=campaign.pk).update(**change)
        numbers.append(record_version(campaign.pk, None, NOW).number)
    campaign.exclude.add(make_segment([]))
    numbers.append(record_version(campaign.pk, None, NOW).number)
    assert numbers == [1, 2, 3, 4, 5, 6, 7]


def test_a_version_that_an_earlier_release_stored_is_still_the_current_one() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    version = record_version(campaign.pk, None, NOW)
    # As it was written before there was such a field.
    assert "at_least_once" not in version.plan
    assert not read_plan(campaign).at_least_once
    assert record_version(campaign.pk, None, NOW) == version
    Campaign.objects.filter(pk=campaign.pk).update(at_least_once=True)
    assert record_version(campaign.pk, None, NOW).plan["at_least_once"] is True
    assert campaign.history.latest("pk").note == "schedule"


def test_a_draft_stays_a_draft_when_it_is_edited() -> None:
    campaign = make_campaign([make_segment([make_customer()])])
    lifecycle.ask_for_approval(campaign.pk, None, NOW)
    lifecycle.decline(campaign.pk, None, NOW)
    Campaign.objects.filter(pk=campaign.pk).update(priority=1)
    record_version(campaign.pk, None, NOW)
    assert [entry.action for entry in campaign.history.all()] == ["created", "ask", "decline", "edited"]
