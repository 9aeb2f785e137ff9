"""An answer that comes too late, wherever in a review or about a handoff: a 409, what happened, and what was typed."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audiences.models import Workspace
from campaigns.models import AgendaItem, Campaign, Finding, Handoff, Review
from campaigns.queries.standing import standing
from campaigns.services.decisions import take_back
from campaigns.services.handoffs import accept, offer, take
from campaigns.services.overlaps import acknowledge
from campaigns.services.reviews import close_review, open_review
from tests.builders import NOW, make_campaign, make_team, make_user
from tests.campaigns.meetings import NEXT, clashing, decided, item_about, opened

pytestmark = pytest.mark.django_db
ADDRESS = "/review/2026-W48/"
TYPED = "A long <thought> & more"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("review_page.views", "review_page.pages", "campaign_page.handing_over"):
        monkeypatch.setattr(f"calendar_project.{module}.read_now", lambda: NOW)
    Workspace.current()


@pytest.fixture
def ana(client: Client) -> User:
    user = make_user("ana", team=make_team())
    client.force_login(user)
    return user


@pytest.fixture
def eli() -> User:
    return make_user("eli", team=make_team())


def visible(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def is_stale(response: Any, sentence: str, typed: str = TYPED) -> None:
    assert response.status_code == 409
    assert sentence in visible(response)
    assert typed in unescape(response.content.decode())
    assert "<thought>" not in response.content.decode()
    # It stands at the address of a button, from which nothing else may lead.
    assert re.findall(r'(?:href|action)="\?[^"]*"|action="(?:#[^"]*)?"', response.content.decode()) == []


def decide_it(client: Client, item: AgendaItem, seen: str = "", kind: str = "keep") -> Any:
    posted = {"decision": kind, "reason": TYPED, "seen": seen or standing(item)}
    return client.post(f"{ADDRESS}items/{item.pk}/", posted)


def somebody_decides(item: AgendaItem, eli: User) -> None:
    decided(item, "stop", eli, campaign_id=item.campaign_id)


def somebody_closes(item: AgendaItem, eli: User) -> None:
    close_review(item.review_id, eli, NOW)


def it_is_settled(item: AgendaItem, eli: User) -> None:
    acknowledge(item.finding_id or 0, eli, "Elsewhere", NOW)


def it_is_gone(item: AgendaItem, eli: User) -> None:
    Finding.objects.update(state="resolved")


@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        (somebody_decides, "Somebody was quicker: stop, says eli"),
        (somebody_closes, "This review is closed"),
        (it_is_settled, "It has settled itself meanwhile"),
        (it_is_gone, "It has settled itself meanwhile"),
    ],
)
def test_a_decision_that_comes_too_late(
    client: Client, ana: User, eli: User, meanwhile: Callable[[AgendaItem, User], None], sentence: str
) -> None:
    clashing()
    item = item_about(opened())
    seen = standing(item)
    meanwhile(item, eli)
    is_stale(decide_it(client, item, seen), sentence)


@pytest.mark.parametrize("is_closed", [True, False])
def test_taking_back_what_is_closed_or_decided_otherwise(client: Client, ana: User, eli: User, is_closed: bool) -> None:
    clashing()
    review = opened()
    item = item_about(review)
    decision = decided(item, "keep", eli)
    if is_closed:
        close_review(review.pk, eli, NOW)
    else:
        take_back(item.pk, eli, NOW)
        decided(item, "keep", eli)
    response = client.post(f"{ADDRESS}items/{item.pk}/take-back/", {"decision": decision.pk})
    is_stale(response, "This review is closed" if is_closed else "decided otherwise", typed="")


@pytest.mark.parametrize("button", ["items/1/", "items/1/take-back/", "low/keep/", "low/take-back/", "close/", "open/"])
def test_whoever_has_to_sign_in_first_comes_to_the_page_of_the_button(client: Client, button: str) -> None:
    opened()
    sent = client.post(f"{ADDRESS}{button}", {"reason": TYPED})
    assert sent["Location"] == f"/sign-in/?next={ADDRESS}{button}"
    client.force_login(make_user("ana", team=make_team()))
    for look in (client.get, client.head):
        response = look(f"{ADDRESS}{button}")
        assert (response.status_code, response["Location"]) == (302, ADDRESS)


def test_the_page_of_a_campaign_follows_others_from_its_own_address(client: Client, ana: User, eli: User) -> None:
    campaign = make_campaign(owner=None)
    take(campaign.pk, eli, NOW)
    shown = client.post(f"/calendar/campaigns/{campaign.pk}/handoff/take/").content.decode()
    assert f'data-page="/calendar/campaigns/{campaign.pk}/"' in shown
    assert "data-page" not in client.get(f"/calendar/campaigns/{campaign.pk}/?page=1").content.decode()


def test_notes_for_minutes_that_somebody_else_has_closed(client: Client, ana: User, eli: User) -> None:
    review = opened()
    close_review(review.pk, eli, NOW, "Theirs.")
    is_stale(client.post(f"{ADDRESS}close/", {"notes": TYPED}), "It was closed meanwhile")
    assert Review.objects.get().notes == "Theirs."


def test_a_second_click_on_close_is_no_mistake_but_other_notes_are_told(client: Client, ana: User) -> None:
    opened()
    assert [client.post(f"{ADDRESS}close/", {"notes": " Once. "}).status_code for _ in range(2)] == [302, 302]
    is_stale(client.post(f"{ADDRESS}close/", {"notes": TYPED}), "without your notes")


def test_opening_beside_a_review_that_is_open(client: Client, ana: User, eli: User) -> None:
    open_review(NEXT, eli, NOW, {})
    is_stale(client.post(f"{ADDRESS}open/"), "The review of week 49 is still open", typed="")


def offered(ana: User, eli: User) -> Handoff:
    return offer(make_campaign(owner=eli).pk, ana.pk, eli, NOW)


def test_declining_what_was_withdrawn_meanwhile(client: Client, ana: User, eli: User) -> None:
    handoff = offered(ana, eli)
    offer(handoff.campaign_id, make_user("ben", team=make_team()).pk, eli, NOW)
    posted = {"handoff": handoff.pk, "note": TYPED}
    response = client.post(f"/calendar/campaigns/{handoff.campaign_id}/handoff/decline/", posted)
    is_stale(response, "This offer is over: it was taken back, or offered to somebody else")


def test_withdrawing_what_was_accepted_meanwhile(client: Client, ana: User, eli: User) -> None:
    handoff = offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    accept(handoff.pk, eli, NOW)
    response = client.post(f"/calendar/campaigns/{handoff.campaign_id}/handoff/withdraw/", {"handoff": handoff.pk})
    is_stale(response, "This offer is over: eli has accepted it", typed="")


def test_handing_over_what_is_stopped_and_taking_what_is_taken(client: Client, ana: User, eli: User) -> None:
    campaign = make_campaign(owner=None)
    take(campaign.pk, eli, NOW)
    is_stale(client.post(f"/calendar/campaigns/{campaign.pk}/handoff/take/"), "It is eli’s by now", typed="")
    Campaign.objects.update(status="cancelled")
    posted = {"to": eli.pk, "note": TYPED}
    is_stale(client.post(f"/calendar/campaigns/{campaign.pk}/handoff/offer/", posted), "It is over")


@pytest.mark.parametrize("step", ["accept", "decline"])
def test_a_second_click_on_an_answer_is_no_mistake(client: Client, ana: User, eli: User, step: str) -> None:
    handoff = offered(ana, eli)
    address = f"/calendar/campaigns/{handoff.campaign_id}/handoff/{step}/"
    assert [client.post(address, {"handoff": handoff.pk}).status_code for _ in range(2)] == [302, 302]


def test_a_second_click_on_withdraw_or_take_is_no_mistake(client: Client, ana: User, eli: User) -> None:
    campaign = make_campaign(owner=None)
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    for step, posted in (("withdraw", {"handoff": handoff.pk}), ("take", {})):
        address = f"/calendar/campaigns/{campaign.pk}/handoff/{step}/"
        assert [client.post(address, posted).status_code for _ in range(2)] == [302, 302]


def test_a_word_on_a_finding_that_somebody_else_has_settled_is_not_lost(client: Client, ana: User, eli: User) -> None:
    finding = clashing()
    acknowledge(finding.pk, eli, "Elsewhere", NOW)
    address = f"/calendar/campaigns/{finding.first_id}/findings/{finding.pk}/acknowledge/"
    is_stale(client.post(address, {"note": TYPED}), "not open any more")
