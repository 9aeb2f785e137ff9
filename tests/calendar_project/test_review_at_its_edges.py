"""The review and handoffs where the year ends, where nothing is left, where much is written, and where people leave."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audiences.models import Workspace
from calendar_project.review_page.letters import minutes_letter
from campaigns.models import Decision, MinutesMail, Review
from campaigns.queries.reviews import handoffs_to
from campaigns.queries.standing import standing
from campaigns.services.handoffs import offer
from campaigns.services.lifecycle import cancel
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_item, make_review, make_send, make_team, make_user
from tests.campaigns.meetings import clashing, item_about, opened

pytestmark = pytest.mark.django_db
ADDRESS = "/review/2026-W48/"
SCRIPT = "<script>alert(1)</script>{{ x }}"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clock of the pages."""

    def at(moment: datetime) -> datetime:
        for module in ("review_page.views", "review_page.pages", "review_page.keeping", "campaign_page.handing_over"):
            monkeypatch.setattr(f"calendar_project.{module}.read_now", lambda: moment)
        return moment

    at(NOW)
    return at


@pytest.fixture
def ana(client: Client, now: Any) -> User:
    Workspace.current()
    user = make_user("ana", team=make_team(), email="ana@example.com")
    client.force_login(user)
    return user


def visible(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def decide_it(client: Client, item: Any, address: str = ADDRESS, **values: Any) -> Any:
    data = {"decision": "keep", "reason": "Because.", "seen": standing(item), **values}
    return client.post(f"{address}items/{item.pk}/", data)


def test_week_53_is_settled_and_carries_over_into_the_new_year(client: Client, ana: User, now: Any) -> None:
    moment = now(datetime(2026, 12, 28, 9, tzinfo=UTC))
    make_send(make_campaign(name="New Year", owner=None), datetime(2027, 1, 1, 8, tzinfo=UTC))
    assert "Week 53: 28 December 2026 – 3 January 2027" in visible(client.get("/review/"))
    client.post("/review/2026-W53/open/")
    assert "New Year" in visible(client.get("/review/2026-W53/"))
    client.post("/review/2026-W53/close/")
    assert Review.objects.get().closed_at == moment
    assert "Week 1: 4 – 10 January 2027" in visible(client.get("/review/"))
    client.post("/review/2027-W01/open/")
    assert "undecided last time" in visible(client.get("/review/2027-W01/"))


@pytest.mark.parametrize("week", ["2027-W53", "2026-W00", "2026-W54", "0000-W01", "٢٠٢٦-W٤٨"])
@pytest.mark.parametrize("step", ["", "minutes/", "open/", "close/", "low/keep/", "low/take-back/", "items/1/"])
def test_a_week_that_there_is_not_has_no_page_and_nothing_is_done_to_it(
    client: Client, ana: User, week: str, step: str
) -> None:
    address = f"/review/{week}/{step}"
    assert (client.get(address) if step in ("", "minutes/") else client.post(address)).status_code == 404
    assert not Review.objects.exists()


@pytest.mark.parametrize("week", ["2000-W02", "2020-W53", "2026-W47", "2027-W40", "2998-W52"])
def test_a_week_long_past_or_far_ahead_is_looked_at_and_not_opened(client: Client, ana: User, week: str) -> None:
    assert "No review was held for this week" in visible(client.get(f"/review/{week}/"))
    assert client.post(f"/review/{week}/open/").status_code == 302
    assert not Review.objects.exists()


def test_a_review_without_an_item_is_opened_and_closed_and_mailed(client: Client, ana: User) -> None:
    client.post(f"{ADDRESS}open/")
    assert "There is nothing on the agenda" in visible(client.get(ADDRESS))
    client.post(f"{ADDRESS}close/")
    assert "Nothing was decided." in visible(client.get(f"{ADDRESS}minutes/"))
    assert "Nothing." in minutes_letter(MinutesMail.objects.get()).text


def test_what_looks_like_html_is_shown_as_it_was_written_everywhere(client: Client, ana: User) -> None:
    clashing(name=SCRIPT[:80])
    review = opened()
    item = item_about(review)
    assert decide_it(client, item, reason=SCRIPT).status_code == 302
    pages = [client.get(ADDRESS)]
    client.post(f"{ADDRESS}close/", {"notes": SCRIPT})
    mail = minutes_letter(MinutesMail.objects.get())
    pages.append(client.get(f"{ADDRESS}minutes/"))
    for said in (*(page.content.decode() for page in pages), mail.html):
        assert "<script>alert" not in said
        assert "&lt;script&gt;alert(1)" in said
    assert SCRIPT in mail.text


@pytest.mark.parametrize(("length", "status"), [(500, 302), (501, 400), (100_000, 400)])
def test_a_reason_is_as_long_as_it_may_be_and_no_longer(client: Client, ana: User, length: int, status: int) -> None:
    finding = clashing()
    item = item_about(opened())
    values: dict[str, Any] = {
        "decision": "stop",
        "campaign": finding.first_id,
        "reason": "ü" * length,
        "learnt": "ß" * 1000,
    }
    assert decide_it(client, item, **values).status_code == status
    assert Decision.objects.count() == (status == 302)


@pytest.mark.parametrize(
    "values",
    [
        {"decision": "move", "day": "0001-01-01", "hour": "00:00"},
        {"decision": "move", "day": "9999-12-31", "hour": "23:59"},
        {"decision": "move", "day": "2026-11-26"},
        {"decision": "hand_over", "to": "9" * 30},
        {"decision": "stop", "campaign": "9" * 30},
        {"decision": "keep", "seen": "\0"},
    ],
)
def test_nonsense_is_refused_in_the_form(client: Client, ana: User, values: dict[str, str]) -> None:
    finding = clashing()
    item = item_about(opened())
    posted: dict[str, Any] = {"campaign": finding.first_id, **values}
    assert decide_it(client, item, **posted).status_code in (400, 409)
    assert not Decision.objects.exists()


def test_of_two_browsers_the_second_is_told_and_nothing_is_done_twice(client: Client, ana: User) -> None:
    """Both have the form of the same item open."""
    finding = clashing()
    item, other = item_about(opened()), Client()
    other.force_login(make_user("eli", team=make_team()))
    seen = standing(item)
    assert decide_it(client, item, seen=seen).status_code == 302
    response = decide_it(other, item, seen=seen, decision="stop", campaign=finding.first_id, reason="My thought.")
    assert response.status_code == 409
    assert "keep, says ana" in visible(response)
    assert "My thought." in visible(response)
    assert Decision.objects.count() == 1


def test_a_decision_while_somebody_closes_the_review_is_told(client: Client, ana: User) -> None:
    clashing()
    review = opened()
    item = item_about(review)
    seen = standing(item)
    other = Client()
    other.force_login(make_user("eli", team=make_team()))
    other.post(f"{ADDRESS}close/", {"notes": "That is it."})
    response = decide_it(client, item, seen=seen, reason="My thought.")
    assert response.status_code == 409
    assert "My thought." in visible(response)
    assert review.items.get(pk=item.pk).carries_over


def test_items_of_what_was_stopped_or_found_no_more_say_that_they_have_settled_themselves(
    client: Client, ana: User
) -> None:
    finding = clashing()
    review = opened()
    make_item(review, make_campaign(name="Archived"))
    for campaign in (finding.first, review.items.get(name="Archived").campaign):
        cancel(campaign.pk, None, NOW)
    finding.delete()
    shown = visible(client.get(ADDRESS))
    assert shown.count("It has settled itself meanwhile") == 2 + 1
    for item in review.items.all():
        assert client.get(f"{ADDRESS}?item={item.pk}").status_code == 200
        assert decide_it(client, item).status_code in (302, 403, 409)
    close_review(review.pk, None, NOW)
    assert client.get(f"{ADDRESS}minutes/").status_code == 200


def test_an_offer_to_somebody_who_left_says_so_and_is_withdrawn_or_made_to_another(client: Client, ana: User) -> None:
    campaign = make_campaign(owner=ana)
    eli, ben = (make_user(name, team=make_team()) for name in ("eli", "ben"))
    handoff = offer(campaign.pk, eli.pk, ana, NOW)
    User.objects.filter(pk=eli.pk).update(is_active=False)
    page = f"/calendar/campaigns/{campaign.pk}/"
    assert "eli cannot sign in any more" in visible(client.get(page))
    client.post(f"{page}handoff/offer/", {"to": ben.pk})
    handoff.refresh_from_db()
    assert handoff.state == "withdrawn"
    assert [each.campaign for each in handoffs_to(ben)] == [campaign]


def test_a_closed_review_whose_people_were_deleted_is_still_read(client: Client, ana: User) -> None:
    clashing()
    eli = make_user("eli", team=make_team())
    review = opened(by=eli)
    other = Client()
    other.force_login(eli)
    decide_it(other, item_about(review), reason="Eli’s.")
    close_review(review.pk, eli, NOW)
    eli.delete()
    assert "Eli’s. Almanac" in visible(client.get(f"{ADDRESS}minutes/"))
    assert client.get("/review/").status_code == 200


def test_a_review_whose_items_are_all_hidden_looks_like_one_without_any(client: Client, ana: User) -> None:
    review = make_review()
    make_item(review, make_campaign(is_private=True, team=make_team("product")))
    assert "There is nothing on the agenda" in visible(client.get(ADDRESS))
