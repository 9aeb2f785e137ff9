"""Handoffs: offered, accepted, declined, withdrawn; and campaigns that are nobody's."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from campaigns.models import Campaign, Handoff, HistoryEntry
from campaigns.queries.reviews import handoffs_to
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services.handoffs import accept, decline, offer, take, withdraw
from campaigns.services.lifecycle import cancel
from tests.builders import NOW, make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team(), role="planner")


@pytest.fixture
def eli() -> User:
    return make_user("eli", team=make_team(), role="planner")


@pytest.fixture
def campaign(ana: User) -> Campaign:
    return make_campaign(owner=ana)


def owner(campaign: Campaign) -> User | None:
    return Campaign.objects.get(pk=campaign.pk).owner


def actions(campaign: Campaign) -> list[str]:
    return list(HistoryEntry.objects.filter(campaign=campaign).values_list("action", flat=True))


def test_it_is_theirs_when_they_accept_and_not_before(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW, note="Yours by nature.")
    assert owner(campaign) == ana
    accept(handoff.pk, eli, LATER)
    assert owner(campaign) == eli
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner, handoff.answered_at) == ("accepted", ana, LATER)
    assert actions(campaign) == ["hand over", "accept handoff"]


def test_an_approval_outlives_a_handoff(campaign: Campaign, ana: User, eli: User) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(status="approved")
    accept(offer(campaign.pk, eli.pk, ana, NOW).pk, eli, LATER)
    assert Campaign.objects.get().status == "approved"


def test_declined_and_withdrawn_it_stays_where_it_was(campaign: Campaign, ana: User, eli: User) -> None:
    decline(offer(campaign.pk, eli.pk, ana, NOW).pk, eli, LATER, "No time.")
    withdraw(offer(campaign.pk, eli.pk, ana, NOW).pk, ana, LATER)
    assert owner(campaign) == ana
    assert list(Handoff.objects.order_by("pk").values_list("state", flat=True)) == ["declined", "withdrawn"]


def test_only_the_one_it_was_offered_to_answers(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    for answer in (accept, decline):
        with pytest.raises(NotAllowed, match="offered to eli"):
            answer(handoff.pk, ana, LATER)


def test_a_second_answer_is_told(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    accept(handoff.pk, eli, LATER)
    for answer in (accept, decline):
        with pytest.raises(StaleChange, match="This offer is over"):
            answer(handoff.pk, eli, LATER)


def test_a_second_offer_takes_the_place_of_the_first(campaign: Campaign, ana: User, eli: User) -> None:
    first = offer(campaign.pk, eli.pk, ana, NOW)
    offer(campaign.pk, make_user("mara", team=make_team(), role="approver").pk, ana, LATER)
    with pytest.raises(StaleChange):
        accept(first.pk, eli, LATER)
    assert Handoff.objects.filter(state="offered").count() == 1


def test_an_offer_of_what_is_stopped_is_over(campaign: Campaign, ana: User, eli: User) -> None:
    offer(campaign.pk, eli.pk, ana, NOW)
    cancel(campaign.pk, ana, LATER)
    assert Handoff.objects.get().state == "withdrawn"


def test_whoever_may_not_see_a_private_campaign_any_more_is_not_told_that_it_is_offered_to_them(
    campaign: Campaign, ana: User, eli: User
) -> None:
    offer(campaign.pk, eli.pk, ana, NOW)
    Campaign.objects.update(is_private=True)
    assert list(handoffs_to(User.objects.get(pk=eli.pk)))
    eli.memberships.all().delete()
    assert not list(handoffs_to(User.objects.get(pk=eli.pk)))


def test_the_database_keeps_one_open_offer_of_a_campaign(campaign: Campaign, ana: User, eli: User) -> None:
    offer(campaign.pk, eli.pk, ana, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.create(campaign=campaign, to=eli, offered_at=NOW)


def test_owners_and_approvers_hand_over_to_those_who_plan_for_the_team(
    campaign: Campaign, ana: User, eli: User
) -> None:
    approver = make_user(team=make_team(), role="approver")
    viewer = make_user("vera", team=make_team(), role="viewer")
    stranger = make_user("sam", team=make_team("success"), role="approver")
    for person in (eli, viewer, stranger):
        with pytest.raises(NotAllowed, match="Only its owner and approvers"):
            offer(campaign.pk, eli.pk, person, NOW)
    for to in (viewer, stranger):
        with pytest.raises(NotAllowed, match="does not plan for Lifecycle"):
            offer(campaign.pk, to.pk, ana, NOW)
    with pytest.raises(NotAllowed, match="ana’s already"):
        offer(campaign.pk, ana.pk, approver, NOW)
    with pytest.raises(NotAllowed, match="Say to whom"):
        offer(campaign.pk, None, approver, NOW)
    assert offer(campaign.pk, eli.pk, approver, NOW).offered_by == approver


def test_whoever_lost_the_role_meanwhile_cannot_accept(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    eli.memberships.all().delete()
    with pytest.raises(NotAllowed, match="do not plan for Lifecycle any more"):
        accept(handoff.pk, eli, LATER)


def test_another_owner_meanwhile_makes_the_offer_stale(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    Campaign.objects.update(owner=make_user())
    with pytest.raises(StaleChange, match="another owner"):
        accept(handoff.pk, eli, LATER)


def test_what_is_nobodys_can_be_taken_once(ana: User, eli: User) -> None:
    campaign = make_campaign(owner=None)
    handoff = offer(campaign.pk, eli.pk, None, NOW)
    take(campaign.pk, ana, LATER)
    assert owner(campaign) == ana
    with pytest.raises(StaleChange, match="It is ana’s by now"):
        take(campaign.pk, eli, LATER)
    with pytest.raises(StaleChange, match="This offer is over"):
        accept(handoff.pk, eli, LATER)
    with pytest.raises(NotAllowed, match="Only planners"):
        take(make_campaign(owner=None).pk, make_user(), LATER)


def test_what_is_over_is_not_handed_over(campaign: Campaign, ana: User, eli: User) -> None:
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    cancel(campaign.pk, None, NOW)
    with pytest.raises(StaleChange, match="It is over"):
        accept(handoff.pk, eli, LATER)
    with pytest.raises(StaleChange, match="It is over"):
        offer(campaign.pk, eli.pk, ana, NOW)


def test_a_second_click_offers_it_once(campaign: Campaign, ana: User, eli: User) -> None:
    assert offer(campaign.pk, eli.pk, ana, NOW) == offer(campaign.pk, eli.pk, ana, LATER)
    assert actions(campaign) == ["hand over"]
