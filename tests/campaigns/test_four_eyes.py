"""Four eyes: whoever wrote a campaign or asked for its approval does not approve it, where the workspace wants that."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audiences.models import Workspace
from campaigns.models import Campaign, SectionApproval
from campaigns.plan import SECTIONS
from campaigns.queries.approvals import section_digests
from campaigns.refusals import NotAllowed
from campaigns.services import lifecycle
from campaigns.services.approvals import Seen
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customer, make_segment, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team(), is_staff=True)


@pytest.fixture
def ben() -> User:
    return make_user("ben", team=make_team(), is_staff=True)


@pytest.fixture
def campaign() -> Campaign:
    Workspace.current()
    Workspace.objects.update(four_eyes=True)
    return make_campaign([make_segment([make_customer()])])


def ask(campaign: Campaign, by: User) -> int:
    return lifecycle.ask_for_approval(campaign.pk, by, NOW).number


def edit(campaign: Campaign, by: User) -> None:
    campaign.priority += 1
    campaign.save()
    record_version(campaign.pk, by, NOW)


def test_who_asked_cannot_approve_and_another_approver_can(campaign: Campaign, ana: User, ben: User) -> None:
    number = ask(campaign, ana)
    with pytest.raises(NotAllowed, match="Four eyes: somebody else has to approve"):
        lifecycle.approve(campaign.pk, number, ana, NOW)
    lifecycle.approve(campaign.pk, number, ben, NOW)
    assert Campaign.objects.get().status == "approved"


def test_whoever_wrote_a_part_of_it_cannot_approve_although_another_asked(
    campaign: Campaign, ana: User, ben: User
) -> None:
    record_version(campaign.pk, None, NOW)
    edit(campaign, ana)
    edit(campaign, ben)
    number = ask(campaign, ben)
    with pytest.raises(NotAllowed):
        lifecycle.approve(campaign.pk, number, ana, NOW)
    lifecycle.approve(campaign.pk, number, make_user("cem", team=make_team()), NOW)


def test_what_was_approved_before_is_nobodys_any_more(campaign: Campaign, ana: User, ben: User) -> None:
    lifecycle.approve(campaign.pk, ask(campaign, ana), ben, NOW)
    campaign.refresh_from_db()
    edit(campaign, ben)
    lifecycle.approve(campaign.pk, ask(campaign, ben), ana, NOW)
    assert Campaign.objects.get().status == "approved"


def test_an_approval_that_is_taken_away_by_a_decline_makes_nobody_a_stranger_to_their_text(
    campaign: Campaign, ana: User, ben: User
) -> None:
    """What Ana wrote was approved by Ben and then declined by him: it is hers again, whoever asks."""
    lifecycle.approve(campaign.pk, ask(campaign, make_user("cem", team=make_team(), role="planner")), ben, NOW)
    campaign.refresh_from_db()
    campaign.holdout_percent, campaign.name = Decimal(5), "Another name"
    campaign.save()
    record_version(campaign.pk, ana, NOW)
    asker = make_user("dan", team=make_team(), role="planner")
    version = lifecycle.ask_for_approval(campaign.pk, asker, NOW)
    audience = Seen("audience", section_digests(version)["audience"], version.number)
    lifecycle.approve_section(campaign.pk, audience, ben, NOW)
    lifecycle.decline_section(campaign.pk, audience, ben, NOW, "Not these people.")
    lifecycle.ask_for_approval(campaign.pk, asker, NOW)
    with pytest.raises(NotAllowed, match="Four eyes"):
        lifecycle.approve_section(campaign.pk, audience, ana, NOW)
    assert lifecycle.approve_section(campaign.pk, audience, ben, NOW)


def test_a_superuser_is_bound_by_it_and_the_system_is_not(campaign: Campaign) -> None:
    boss = make_user("boss", is_superuser=True)
    number = ask(campaign, boss)
    with pytest.raises(NotAllowed):
        lifecycle.approve(campaign.pk, number, boss, NOW)
    lifecycle.approve(campaign.pk, number, None, NOW)


def test_without_the_switch_one_person_may_do_both(campaign: Campaign, ana: User) -> None:
    Workspace.objects.update(four_eyes=False)
    lifecycle.approve(campaign.pk, ask(campaign, ana), ana, NOW)
    assert Campaign.objects.get().status == "approved"


def test_the_pages_offer_the_button_to_the_others_and_say_why_to_the_author(
    client: Client, campaign: Campaign, ana: User, ben: User
) -> None:
    ask(campaign, ana)
    page, panel = f"/calendar/campaigns/{campaign.pk}/", f"/admin/campaigns/campaign/{campaign.pk}/change/"
    buttons = (f'action="{page}approve/"', "/approve/")
    client.force_login(ana)
    assert buttons[0] not in client.get(page).content.decode()
    assert "Four eyes: another approver of Lifecycle" in client.get(page).content.decode()
    assert buttons[1] not in client.get(panel).content.decode()
    assert client.post(f"{page}approve/", {"version": 1}).status_code in (302, 403, 409)
    assert Campaign.objects.get().status == "in_review"
    client.force_login(ben)
    assert buttons[0] in client.get(page).content.decode()
    assert "Four eyes" not in client.get(page).content.decode()
    assert buttons[1] in client.get(panel).content.decode()


def test_the_admin_obeys_it_by_section_says_why_and_leads_to_where_the_others_are_approved(
    client: Client, campaign: Campaign, ana: User, ben: User
) -> None:
    ask(campaign, ana)
    button = f"/admin/campaigns/campaign/{campaign.pk}/move/approve/"
    client.force_login(ana)
    said = client.post(button, {"version": 1}, follow=True).content.decode()
    assert "somebody else has to approve what you wrote or asked for" in said
    assert "Approve section by section" in said
    assert f"/calendar/campaigns/{campaign.pk}/" in said
    assert not SectionApproval.objects.exists()
    client.force_login(ben)
    client.post(button, {"version": 1})
    assert SectionApproval.objects.filter(by=ben).count() == len(SECTIONS)
