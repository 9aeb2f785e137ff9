"""Whoever is handed a campaign is told by mail: by whom, which one, why, and where to answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from audiences.turns import turn
from calendar_project.review_page.mail import send_mails
from campaigns.models import Membership
from campaigns.services.handoffs import offer, withdraw
from campaigns.services.lifecycle import cancel
from deliveries.channels.base import Verdict
from deliveries.channels.memory import MemoryChannel
from tests.builders import NOW, make_campaign, make_team, make_user
from tests.campaigns.meetings import decided, item_about, opened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_is_kept(settings: Any) -> None:
    settings.CHANNELS = {"email": "deliveries.channels.memory.MemoryChannel"}
    settings.BASE_URL = "https://almanac.example.com"
    MemoryChannel.clear()


@pytest.fixture
def ana() -> User:
    return make_user("ana", team=make_team(), first_name="Ana", last_name="Winter")


@pytest.fixture
def eli() -> User:
    return make_user("eli", team=make_team(), email="eli@example.com")


def test_it_says_who_hands_over_which_campaign_why_and_where_to_answer(ana: User, eli: User) -> None:
    campaign = make_campaign(owner=ana, name="Trial <b>&\nmore")
    offer(campaign.pk, eli.pk, ana, NOW, note="I am <away> & you know it.")
    assert [send_mails(lambda: NOW), send_mails(lambda: NOW + timedelta(hours=1))] == [1, 0]
    (mail,) = MemoryChannel.sent
    assert (mail.address, mail.subject) == ("eli@example.com", "Handed over to you: Trial <b>& more")
    assert mail.text.startswith("Ana Winter hands “Trial <b>&\nmore” (Lifecycle) over to you.")
    assert "Why: I am <away> & you know it." in mail.text
    assert f"https://almanac.example.com/calendar/campaigns/{campaign.pk}/#handoff" in mail.text


def test_what_is_handed_over_in_a_review_is_told_as_well(ana: User, eli: User) -> None:
    campaign = make_campaign(owner=None)
    decided(item_about(opened(), "lacking"), "hand_over", ana, to_id=eli.pk, reason="Yours by nature.")
    send_mails(lambda: NOW)
    assert "Why: Yours by nature." in MemoryChannel.sent[0].text
    assert "It is nobody’s until you accept it." in MemoryChannel.sent[0].text
    assert campaign.handoffs.get().to == eli


def test_whoever_may_not_see_it_by_then_is_told_nothing(ana: User, eli: User) -> None:
    offer(make_campaign(owner=ana, is_private=True).pk, eli.pk, ana, NOW)
    Membership.objects.filter(user=eli).delete()
    assert send_mails(lambda: NOW) == 0
    assert not MemoryChannel.sent


def test_a_private_one_is_named_to_those_of_its_team(ana: User, eli: User) -> None:
    offer(make_campaign(owner=ana, is_private=True, name="Quiet").pk, eli.pk, ana, NOW)
    send_mails(lambda: NOW)
    assert "“Quiet”" in MemoryChannel.sent[0].text


@pytest.mark.parametrize(
    ("change", "told"), [({"is_active": False}, []), ({"email": "new@example.com"}, ["new@example.com"])]
)
def test_it_goes_to_where_they_are_by_then(ana: User, eli: User, change: dict[str, Any], told: list[str]) -> None:
    offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    User.objects.filter(pk=eli.pk).update(**change)
    send_mails(lambda: NOW)
    assert [mail.address for mail in MemoryChannel.sent] == told


def test_of_what_is_over_nobody_is_told(ana: User, eli: User) -> None:
    campaign = make_campaign(owner=ana)
    offer(campaign.pk, eli.pk, ana, NOW)
    cancel(campaign.pk, ana, NOW)
    assert send_mails(lambda: NOW) == 0


def test_an_offer_that_is_taken_back_while_its_mail_is_on_its_way_is_told_to_nobody(
    ana: User, eli: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    monkeypatch.setattr(MemoryChannel, "on_message", lambda _: withdraw(offered.pk, ana, NOW))
    assert send_mails(lambda: NOW) == 0
    assert not MemoryChannel.sent


@pytest.mark.parametrize("verdict", [Verdict.AMBIGUOUS, Verdict.DEFERRED])
def test_a_server_that_does_not_answer_is_left_alone_until_the_next_run(ana: User, eli: User, verdict: Verdict) -> None:
    for _ in range(3):
        offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    MemoryChannel.answers[""] = [verdict]
    assert (send_mails(lambda: NOW), len(MemoryChannel.sent)) == (0, 0)
    assert (send_mails(lambda: NOW), len(MemoryChannel.sent)) == (2, 2)


def test_there_is_one_run_at_a_time(ana: User, eli: User) -> None:
    offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    with turn("mails"):
        assert send_mails(lambda: NOW) == 0
    assert send_mails(lambda: NOW) == 1
