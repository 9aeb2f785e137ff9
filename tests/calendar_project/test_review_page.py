"""The pages of the review: what they show and to whom, what they refuse, and in how many queries."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.models import Workspace
from campaigns.models import Campaign, Decision, Finding, Retirement, Review
from campaigns.queries.standing import standing
from campaigns.services.handoffs import offer
from campaigns.services.retiring import retire
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_item, make_review, make_send, make_team, make_user
from tests.campaigns.meetings import WEEK, clashing, decided, item_about, opened

pytestmark = pytest.mark.django_db
ADDRESS = "/review/2026-W48/"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monday of the week that is settled: the views read the clock of our tests."""
    for module in ("review_page.views", "review_page.pages", "campaign_page.handing_over"):
        monkeypatch.setattr(f"calendar_project.{module}.read_now", lambda: NOW)
    Workspace.current()


def sign_in(client: Client, role: str = "approver", name: str = "ana", team: str = "lifecycle") -> User:
    user = make_user(name, team=make_team(team), role=role)
    client.force_login(user)
    return user


def visible(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def post(client: Client, item: Any, **values: Any) -> Any:
    data = {"decision": "keep", "reason": "Because.", "seen": standing(item), **values}
    return client.post(f"{ADDRESS}items/{item.pk}/", data)


def test_before_it_is_opened_the_page_shows_what_the_agenda_would_be(client: Client) -> None:
    sign_in(client)
    finding = clashing()
    shown = visible(client.get(ADDRESS))
    assert "This is what the agenda would be" in shown
    assert finding.first.name in shown
    assert "Duplicate: 2 in both (67%), same channel, topic and goal" in shown
    assert not Review.objects.exists()


def test_opening_freezes_it_and_a_second_click_finds_it_open(client: Client) -> None:
    sign_in(client)
    clashing()
    for _ in range(2):
        assert client.post(f"{ADDRESS}open/").status_code == 302
    assert Review.objects.get().opened_by is not None
    make_campaign(owner=None, name="Too late for this one")
    shown = visible(client.get(ADDRESS))
    assert "0 decided" in shown
    assert "Too late" not in shown


def test_what_is_settled_by_an_address_is_written_on_the_page(client: Client) -> None:
    sign_in(client)
    assert "It settles the week of 23 – 29 November 2026" in visible(client.get(ADDRESS))


@pytest.mark.parametrize("role", ["viewer", "planner"])
def test_viewers_read_and_planners_decide_but_neither_opens_nor_closes(client: Client, role: str) -> None:
    sign_in(client, role)
    clashing()
    assert "Open the review" not in visible(client.get(ADDRESS))
    client.post(f"{ADDRESS}open/")
    assert not Review.objects.exists()
    opened()
    shown = visible(client.get(ADDRESS))
    assert ("Decide" in shown.replace("to decide", "")) == (role == "planner")
    assert "Close and write the minutes" not in shown
    client.post(f"{ADDRESS}close/")
    assert Review.objects.get().is_open


def test_a_week_that_is_over_has_nothing_to_open(client: Client) -> None:
    sign_in(client)
    assert "No review was held for this week" in visible(client.get("/review/2026-W40/"))
    client.post("/review/2026-W40/open/")
    assert not Review.objects.exists()


def test_a_second_week_leads_to_the_one_that_is_open(client: Client) -> None:
    sign_in(client)
    opened()
    assert "The review of week 48 is still open" in visible(client.get("/review/2026-W49/"))


@pytest.mark.parametrize("address", ["/review/2026-W54/", "/review/2026-W48/minutes/", "/review/2026-W48/items/1/"])
def test_there_is_no_such_page(client: Client, address: str) -> None:
    sign_in(client)
    assert (client.post(address) if "items" in address else client.get(address)).status_code == 404


def test_a_decision_is_made_and_leads_to_the_next_item_that_waits(client: Client) -> None:
    user = sign_in(client)
    clashing()
    review = opened()
    response = post(client, item_about(review), reason="Two days apart.")
    assert response["Location"] == f"{ADDRESS}#item-{item_about(review, 'lacking').pk}"
    decision = Decision.objects.get()
    assert (decision.by, decision.reason) == (user, "Two days apart.")
    shown = visible(client.get(ADDRESS))
    assert "Two days apart." in shown
    assert "Take it back" in shown


def test_a_second_click_is_no_mistake_and_another_decision_is_told(client: Client) -> None:
    sign_in(client)
    clashing()
    item = item_about(opened())
    assert [post(client, item).status_code for _ in range(2)] == [302, 302]
    response = post(client, item, decision="stop")
    assert response.status_code == 409
    assert "Somebody was quicker: keep" in visible(response)
    assert Decision.objects.count() == 1


def test_a_stale_form_is_told_keeps_what_was_written_and_works_the_second_time(client: Client) -> None:
    sign_in(client)
    finding = clashing()
    item = item_about(opened())
    seen = standing(item)
    Campaign.objects.filter(pk=finding.first_id).update(status="paused")
    response = post(client, item, seen=seen, reason="A long thought.")
    assert response.status_code == 409
    assert "The plan has changed since this page was made" in visible(response)
    html = response.content.decode()
    assert 'value="A long thought."' in html
    (fresh,) = re.findall(r'name="seen"\s+value="([^"]+)"', html)
    assert post(client, item, seen=fresh).status_code == 302


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"reason": ""}, "Say why"),
        ({"decision": ""}, "Choose what is decided"),
        ({"decision": "stop"}, "Say which of the two campaigns"),
        ({"decision": "move", "day": "tomorrow"}, "Enter a valid date"),
        ({"decision": "hand_over", "to": "999"}, "Select a valid choice"),
        ({"reason": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_is_missing_is_said_in_the_form(client: Client, values: dict[str, str], sentence: str) -> None:
    sign_in(client)
    clashing()
    response = post(client, item_about(opened()), **values)
    assert response.status_code == 400
    assert sentence in visible(response)
    assert not Decision.objects.exists()


def test_who_plans_for_another_team_is_offered_nothing_and_refused(client: Client) -> None:
    sign_in(client, team="success")
    clashing()
    item = item_about(opened())
    assert "What is decided?" not in visible(client.get(f"{ADDRESS}?item={item.pk}"))
    assert post(client, item).status_code == 403
    assert not Decision.objects.exists()


def test_the_form_offers_what_makes_sense_with_what_was_asked_for_chosen(client: Client) -> None:
    sign_in(client)
    clashing()
    review = opened()
    html = client.get(f"{ADDRESS}?item={item_about(review).pk}&decision=merge").content.decode()
    kinds = re.findall(r'name="decision"\s+value="(\w+)"', html)
    assert kinds == ["keep", "move", "exclude", "merge", "stop", "hand_over"]
    assert re.search(r'value="merge"[^>]*checked', html)
    html = client.get(f"{ADDRESS}?item={item_about(review, 'lacking').pk}&decision=merge").content.decode()
    assert re.findall(r'name="decision"\s+value="(\w+)"', html) == ["keep", "stop", "hand_over"]


def test_a_send_is_moved_from_where_it_stands(client: Client) -> None:
    sign_in(client)
    clashing()
    review = opened()
    item = item_about(review, "send")
    html = client.get(f"{ADDRESS}?item={item.pk}&decision=move").content.decode()
    assert 'value="2026-11-24"' in html
    post(client, item, decision="move", day="2026-11-26", hour="15:30")
    assert Decision.objects.get().did.startswith("Moved from Tue 24 Nov 09:00 to Thu 26 Nov 15:30.")


def test_taking_back_says_so_and_what_cannot_be_undone_has_no_button(client: Client) -> None:
    sign_in(client)
    finding = clashing()
    review = opened()
    item = item_about(review)
    post(client, item)
    client.post(f"{ADDRESS}items/{item.pk}/take-back/", {"decision": Decision.objects.get().pk})
    assert "Taken back" in visible(client.get(ADDRESS))
    post(client, item, decision="stop", campaign=finding.first_id)
    shown = visible(client.get(ADDRESS))
    assert "this cannot be taken back" in shown
    stale = client.post(f"{ADDRESS}items/{item.pk}/take-back/")
    assert stale.status_code == 409
    assert "decided otherwise since this page was made" in visible(stale)
    client.post(f"{ADDRESS}items/{item.pk}/take-back/", {"decision": Decision.objects.get(taken_back_at=None).pk})
    assert "that is for good" in visible(client.get(ADDRESS))


def test_an_item_of_another_week_is_not_found(client: Client) -> None:
    sign_in(client)
    item = make_item(make_review("2026-W47", is_closed=True), make_campaign())
    opened()
    assert post(client, item).status_code == 404


def test_closing_leads_to_the_minutes_which_stay(client: Client) -> None:
    sign_in(client)
    finding = clashing()
    review = opened()
    decided(item_about(review), "keep", reason="Two days apart.")
    response = client.post(f"{ADDRESS}close/", {"notes": "Stock-\0taking next week."}, follow=True)
    assert response.redirect_chain[-1][0] == f"{ADDRESS}minutes/"
    shown = visible(response)
    for words in ("Two days apart.", "Stock-taking next week.", "carried over to the next review", finding.first.name):
        assert words in shown
    Campaign.objects.update(name="Renamed")
    finding.delete()
    assert visible(client.get(f"{ADDRESS}minutes/")) == re.sub("Closed. .* by mail. ", "", shown)
    client.post(f"{ADDRESS}close/", {"notes": "Again"})
    assert Review.objects.get().notes == "Stock-taking next week."


def test_a_decision_after_the_closing_is_refused_with_the_minutes(client: Client) -> None:
    sign_in(client)
    clashing()
    review = opened()
    item = item_about(review)
    close_review(review.pk, None, NOW)
    response = post(client, item)
    assert response.status_code == 409
    assert "This review is closed" in visible(response)


def test_the_first_page_leads_to_the_present_one_and_lists_the_past(client: Client) -> None:
    user = sign_in(client)
    make_review("2026-W47", is_closed=True)
    shown = visible(client.get("/review/"))
    assert "Week 48: 23 – 29 November 2026" in shown
    assert "Week 47, 2026" in shown
    close_review(opened().pk, None, NOW)
    assert "Week 49: 30 November – 6 December 2026" in visible(client.get("/review/"))
    campaign = make_campaign(owner=make_user())
    offer(campaign.pk, user.pk, None, NOW, note="Yours by nature.")
    assert "Yours by nature." in visible(client.get("/review/"))


def test_what_was_stopped_stands_with_why_and_what_was_learnt(client: Client) -> None:
    sign_in(client)
    assert "Nothing was stopped yet" in visible(client.get("/review/stopped/"))
    retire(make_campaign(name="Survey").pk, "Too long.", "Three questions are enough.", None, NOW)
    campaign = make_campaign(name="Fair")
    client.post(f"/calendar/campaigns/{campaign.pk}/cancel/", {"note": "Full.", "learnt": "Ask who is near."})
    shown = visible(client.get("/review/stopped/"))
    for words in ("Survey", "Too long.", "Three questions are enough.", "Fair", "Full.", "Ask who is near."):
        assert words in shown
    assert Retirement.objects.count() == 2


def test_a_handoff_is_flagged_and_answered_on_the_campaign_page(client: Client) -> None:
    sign_in(client, "planner", "eli")
    eli = User.objects.get(username="eli")
    campaign = make_campaign(owner=make_user("dora", team=make_team()))
    make_send(campaign, NOW)
    page = f"/calendar/campaigns/{campaign.pk}/"
    offer(campaign.pk, eli.pk, campaign.owner, NOW)
    assert "Handed over to eli, not accepted yet" in visible(client.get(page))
    assert "handed over" in visible(client.get("/calendar/2026-W48/"))
    assert "It is yours now." in visible(client.post(f"{page}handoff/accept/", follow=True))
    assert Campaign.objects.get().owner == eli
    assert client.post(f"{page}handoff/accept/").status_code == 409
    assert "handed over" not in visible(client.get("/calendar/2026-W48/"))
    assert client.post(f"{page}handoff/steal/").status_code == 404


def test_a_newer_offer_is_not_answered_from_a_page_that_shows_an_older_one(client: Client) -> None:
    ana = sign_in(client)
    campaign = make_campaign(owner=ana)
    shown = offer(campaign.pk, make_user("eli", team=make_team()).pk, ana, NOW)
    newer = offer(campaign.pk, make_user("ben", team=make_team()).pk, ana, NOW)
    answer = f"/calendar/campaigns/{campaign.pk}/handoff/withdraw/"
    stale = client.post(answer, {"handoff": shown.pk, "note": "A long\nthought"})
    assert stale.status_code == 409
    assert "This offer is over" in visible(stale)
    newer.refresh_from_db()
    assert newer.state == "offered"


def test_owners_offer_and_withdraw_and_what_is_nobodys_is_taken(client: Client) -> None:
    ana = sign_in(client)
    eli = make_user("eli", team=make_team(), role="planner")
    campaign = make_campaign(owner=None)
    page = f"/calendar/campaigns/{campaign.pk}/"
    assert "Take it on" in visible(client.get(page))
    client.post(f"{page}handoff/take/")
    assert Campaign.objects.get().owner == ana
    assert "Say to whom" in visible(client.post(f"{page}handoff/offer/", {"to": "nobody"}, follow=True))
    client.post(f"{page}handoff/offer/", {"to": eli.pk, "note": "Please"})
    assert campaign.handoffs.get().to == eli
    assert "Withdrawn" in visible(client.post(f"{page}handoff/withdraw/", follow=True))


def agenda_of(count: int) -> None:
    """So many of everything, each of a campaign and an owner of its own."""
    for number in range(count):
        team = make_team(f"team-{number}")
        first, second = (make_campaign(owner=None, team=team, experiment_ends=WEEK.last) for _ in range(2))
        sends = [make_send(each, NOW + timedelta(hours=1)) for each in (first, second)]
        make_send(first, NOW - timedelta(days=1), state="missed")
        Finding.objects.create(
            key=f"key-{number}", kind="duplicate", severity="high", first=first, second=second, shared=5,
            percent_of_first=50, percent_of_second=50, inputs="x", found_at=NOW, checked_at=NOW,
            sends=[[send.pk for send in sends]],
        )  # fmt: skip
        person = make_user(team=team, role="planner")
        offer(first.pk, person.pk, None, NOW)


# Sign-in, session and the teams' colours among them.
PREVIEW_QUERIES, MEETING_QUERIES, FORM_QUERIES, MINUTES_QUERIES, INDEX_QUERIES = 22, 12, 23, 10, 11


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_cost_the_same_with_one_of_everything_and_with_three(client: Client, count: int) -> None:
    client.force_login(make_user(is_superuser=True))
    agenda_of(count)
    costs = [queries(client, ADDRESS)]
    review = opened()
    costs += [queries(client, ADDRESS), queries(client, f"{ADDRESS}?item={item_about(review).pk}")]
    for item in review.items.filter(about="finding"):
        decided(item, "keep")
    close_review(review.pk, None, NOW)
    costs += [queries(client, f"{ADDRESS}minutes/"), queries(client, "/review/")]
    assert costs == [PREVIEW_QUERIES, MEETING_QUERIES, FORM_QUERIES, MINUTES_QUERIES, INDEX_QUERIES]
