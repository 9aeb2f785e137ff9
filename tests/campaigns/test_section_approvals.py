"""Approval section by section: an edit voids its own section alone, and nothing goes out that nobody approved."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from audiences.models import Workspace
from campaigns.models import Campaign, SectionApproval
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import latest_version, open_sections, section_digests
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services import lifecycle, sends
from campaigns.services.lifecycle import Seen
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db
EDITS: dict[str, dict[str, Any]] = {
    "audience": {"holdout_percent": 5},
    "content": {"reach": "first"},
    "schedule": {"priority": 7},
    "goal": {"goal_event": "paid"},
}


@pytest.fixture
def campaign() -> Campaign:
    Workspace.current()
    return make_campaign([make_segment(make_customers(2))])


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team())


@pytest.fixture
def ben() -> User:
    return make_user("ben", team=make_team())


def edit(campaign: Campaign, section: str, by: User | None = None) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**EDITS[section])
    record_version(campaign.pk, by, NOW)


def ask(campaign: Campaign, by: User | None = None) -> int:
    return lifecycle.ask_for_approval(campaign.pk, by, NOW).number


def approve(campaign: Campaign, by: User | None = None) -> None:
    lifecycle.approve(campaign.pk, ask(campaign), by, NOW)


def seen(campaign: Campaign, section: str) -> Seen:
    version = latest_version(campaign)
    assert version
    return Seen(section, section_digests(version)[section], version.number)


def approve_section(campaign: Campaign, section: str, by: User | None = None) -> bool:
    return lifecycle.approve_section(campaign.pk, seen(campaign, section), by, NOW)


def status(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


def opened(campaign: Campaign) -> list[str]:
    version = latest_version(campaign)
    assert version
    return open_sections(campaign.pk, section_digests(version))


def test_the_last_section_that_is_approved_approves_the_campaign(campaign: Campaign) -> None:
    number = ask(campaign)
    for section in ("content", "goal", "audience"):
        assert approve_section(campaign, section)
        assert status(campaign) == "in_review"
    assert approve_section(campaign, "schedule")
    campaign.refresh_from_db()
    assert campaign.approved_version
    assert (campaign.status, campaign.approved_version.number) == ("approved", number)


def test_the_whole_is_approved_at_once_and_each_of_its_sections_with_it(campaign: Campaign, ana: User) -> None:
    approve(campaign, ana)
    rows = SectionApproval.objects.filter(campaign=campaign).values_list("section", "by__username", "version__number")
    assert list(rows) == [(section, "ana", 1) for section in SECTIONS]
    assert opened(campaign) == []


@pytest.mark.parametrize("section", SECTIONS)
def test_an_edit_voids_its_own_section_alone(campaign: Campaign, section: str) -> None:
    approve(campaign)
    edit(campaign, section)
    assert (status(campaign), opened(campaign)) == ("draft", [section])
    assert ask(campaign) == 2
    assert approve_section(campaign, section)
    assert status(campaign) == "approved"


def test_moving_a_send_voids_the_schedule_alone(campaign: Campaign) -> None:
    approve(campaign)
    send = campaign.sends.get()
    sends.move(send.pk, NOW.replace(tzinfo=None, day=26), None, NOW)
    assert (status(campaign), opened(campaign)) == ("draft", ["schedule"])


def test_what_is_edited_in_review_is_open_and_what_was_approved_there_stays(campaign: Campaign, ana: User) -> None:
    ask(campaign)
    approve_section(campaign, "audience", ana)
    approve_section(campaign, "content", ana)
    edit(campaign, "content")
    assert (status(campaign), opened(campaign)) == ("draft", ["content", "schedule", "goal"])


def test_an_edit_that_is_taken_back_has_to_be_approved_again(campaign: Campaign) -> None:
    approve(campaign)
    edit(campaign, "goal")
    Campaign.objects.filter(pk=campaign.pk).update(goal_event="ordered")
    record_version(campaign.pk, None, NOW)
    assert (status(campaign), opened(campaign)) == ("draft", ["goal"])


def test_approving_the_whole_approves_what_is_open_and_leaves_the_rest_as_it_was(
    campaign: Campaign, ana: User, ben: User
) -> None:
    approve(campaign, ana)
    edit(campaign, "goal")
    approve(campaign, ben)
    standing = SectionApproval.objects.filter(campaign=campaign, voided_at=None)
    assert {row.section: row.by for row in standing} == {"audience": ana, "content": ana, "schedule": ana, "goal": ben}


def test_a_second_click_is_no_mistake(campaign: Campaign, ana: User, ben: User) -> None:
    ask(campaign)
    assert approve_section(campaign, "goal", ana)
    assert not approve_section(campaign, "goal", ana)
    assert not approve_section(campaign, "goal", ben)
    assert SectionApproval.objects.get(section="goal").by == ana
    assert campaign.history.filter(action="approve section").count() == 1


def test_a_section_that_was_edited_since_it_was_read_is_not_approved(campaign: Campaign) -> None:
    ask(campaign)
    read = {section: seen(campaign, section) for section in SECTIONS}
    edit(campaign, "content")
    ask(campaign)
    for section in SECTIONS:
        with pytest.raises(StaleChange, match="has changed since version 1"):
            lifecycle.approve_section(campaign.pk, read[section], None, NOW)
    with pytest.raises(StaleChange, match=r"The content of .* has changed"):
        lifecycle.approve_section(campaign.pk, Seen("content", read["content"].digest, 2), None, NOW)
    assert opened(campaign) == list(SECTIONS)


def test_rows_that_no_version_holds_yet_are_not_approved(campaign: Campaign) -> None:
    ask(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(priority=99)
    with pytest.raises(StaleChange, match="is being edited"):
        approve_section(campaign, "goal")


def test_a_draft_is_asked_for_first(campaign: Campaign) -> None:
    record_version(campaign.pk, None, NOW)
    with pytest.raises(StaleChange, match="is draft: it cannot be approved"):
        approve_section(campaign, "goal")


def test_a_section_that_there_is_not_is_refused(campaign: Campaign) -> None:
    ask(campaign)
    with pytest.raises(NotAllowed, match="no section “price”"):
        lifecycle.approve_section(campaign.pk, Seen("price", "", 1), None, NOW)


def test_a_section_is_declined_with_a_word_and_the_others_stay_approved(campaign: Campaign, ana: User) -> None:
    ask(campaign)
    approve_section(campaign, "audience", ana)
    approve_section(campaign, "content", ana)
    with pytest.raises(NotAllowed, match="Say what should change about the content"):
        lifecycle.decline_section(campaign.pk, seen(campaign, "content"), ana, NOW, " ")
    lifecycle.decline_section(campaign.pk, seen(campaign, "content"), ana, NOW, "It shouts.")
    assert (status(campaign), opened(campaign)) == ("draft", ["content", "schedule", "goal"])
    assert campaign.history.get(action="decline").note == "Content: It shouts."


def test_declining_the_whole_keeps_what_was_approved(campaign: Campaign, ana: User) -> None:
    ask(campaign)
    approve_section(campaign, "audience", ana)
    lifecycle.decline(campaign.pk, ana, NOW, "Later, please.")
    assert (status(campaign), opened(campaign)) == ("draft", ["content", "schedule", "goal"])


def test_the_history_names_the_section(campaign: Campaign, ana: User) -> None:
    approve(campaign, ana)
    edit(campaign, "schedule", ana)
    ask(campaign, ana)
    approve_section(campaign, "schedule", ana)
    told = list(campaign.history.values_list("action", "note"))
    assert told == [
        ("created", ""),
        ("ask", ""),
        ("approve", ""),
        ("edited", "schedule"),
        ("edit", "The edit voided the approval."),
        ("ask", "schedule"),
        ("approve section", "schedule"),
        ("approve", "schedule"),
    ]


@pytest.mark.parametrize("role", ["viewer", "planner", ""])
def test_approving_and_declining_a_section_is_for_approvers_of_the_team(campaign: Campaign, role: str) -> None:
    user = make_user(team=make_team() if role else make_team("success"), role=role or "approver")
    ask(campaign)
    with pytest.raises(NotAllowed, match="Only approvers of Lifecycle"):
        approve_section(campaign, "goal", user)
    with pytest.raises(NotAllowed, match="Only approvers of Lifecycle"):
        lifecycle.decline_section(campaign.pk, seen(campaign, "goal"), user, NOW, "No")


def test_four_eyes_hold_for_each_section(campaign: Campaign, ana: User, ben: User) -> None:
    Workspace.objects.update(four_eyes=True)
    approve(campaign)
    edit(campaign, "content", ana)
    edit(campaign, "goal", ben)
    ask(campaign)
    with pytest.raises(NotAllowed, match="Four eyes: somebody else has to approve the content of"):
        approve_section(campaign, "content", ana)
    with pytest.raises(NotAllowed, match="somebody else has to approve the content of"):
        lifecycle.approve(campaign.pk, 3, ana, NOW)
    assert approve_section(campaign, "goal", ana)
    assert approve_section(campaign, "content", ben)
    assert status(campaign) == "approved"


def test_whoever_asks_asks_for_what_is_open_and_may_approve_what_somebody_edits_later(
    campaign: Campaign, ana: User, ben: User
) -> None:
    Workspace.objects.update(four_eyes=True)
    approve(campaign)
    edit(campaign, "content", ana)
    ask(campaign, ana)
    edit(campaign, "schedule", ben)
    ask(campaign, ben)
    assert approve_section(campaign, "schedule", ana)
    with pytest.raises(NotAllowed):
        approve_section(campaign, "content", ben)


def test_the_database_keeps_one_standing_approval_of_a_section(campaign: Campaign) -> None:
    approve(campaign)
    row = SectionApproval.objects.filter(section="goal").get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_what_was_approved_before_there_were_sections_is_approved_in_each_of_them(
    campaign: Campaign, ana: User
) -> None:
    approve(campaign, ana)
    draft = make_campaign()
    record_version(draft.pk, None, NOW)
    before = list(SectionApproval.objects.values_list("campaign", "section", "digest", "version", "by", "at"))
    SectionApproval.objects.all().delete()
    import_module("campaigns.migrations.0006_section_approvals").approve_sections(apps, None)
    after = list(SectionApproval.objects.values_list("campaign", "section", "digest", "version", "by", "at"))
    assert after == before
    edit(campaign, "goal")
    assert opened(campaign) == ["goal"]
