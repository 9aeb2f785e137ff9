"""A review counts and numbers what its reader is shown: items about private campaigns leave no gap and no trace."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from calendar_project.review_page.veils import is_shown
from campaigns.models import AgendaItem, Campaign, Review
from campaigns.queries.reviews import items_of, items_seen_by, with_counts
from campaigns.services.feeds import create_feed, feed_file, feed_version
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_item, make_review, make_team, make_user
from tests.campaigns.meetings import decided, low_one

pytestmark = pytest.mark.django_db
ADDRESS = "/review/2026-W48/"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calendar_project.review_page.views.read_now", lambda: NOW)


def stranger() -> User:
    return make_user(team=make_team("success"))


@pytest.fixture
def review() -> Review:
    """Three items about a private campaign of Product, one that everybody may know of, one more, decided: the second
    and the fourth."""
    review = make_review()
    private = make_campaign(is_private=True, team=make_team("product"))
    for about in ("lacking", "experiment", "handoff"):
        make_item(review, private, about, facts=facts_of(about))
    open_one = make_campaign(name="Open to all")
    decided(make_item(review, open_one, "experiment"), "keep")
    make_item(review, open_one, "lacking", facts=facts_of("lacking"))
    decided(review.items.get(place=2), "keep")
    return review


def facts_of(about: str) -> dict[str, Any]:
    facts: dict[str, dict[str, Any]] = {
        "lacking": {"lacks": ["goal"]},
        "experiment": {"ends": "2026-11-27", "why": ""},
        "handoff": {"to": "eli", "at": NOW.isoformat()},
    }
    return facts[about]


def numbers(html: str) -> list[str]:
    return re.findall(r'aria-label="Item (\d+)"', html)


def test_the_numbers_on_the_page_have_no_gaps_where_an_item_is_hidden(client: Client, review: Review) -> None:
    client.force_login(stranger())
    assert sorted(numbers(client.get(ADDRESS).content.decode())) == ["1", "2"]
    client.force_login(make_user(is_superuser=True))
    assert sorted(numbers(client.get(ADDRESS).content.decode())) == ["1", "2", "3", "4", "5"]


def test_the_list_of_reviews_counts_what_its_reader_is_shown(review: Review) -> None:
    close_review(review.pk, None, NOW)
    counts = [with_counts(person).values_list("decided", "left")[0] for person in (stranger(), None)]  # type: ignore[misc]
    assert counts == [(1, 1), (2, 2)]


def test_a_feed_counts_what_its_owner_is_shown_and_is_read_anew_when_that_changes(review: Review) -> None:
    close_review(review.pk, None, NOW)
    feed, _ = create_feed(stranger(), None, "Ours")
    assert b"1 decided\\, 1 carried over" in feed_file(feed, NOW)
    before = feed_version(feed, NOW)
    # No send of it is in the feed: nothing but the numbers tells.
    Campaign.objects.update(is_private=False)
    assert b"2 decided\\, 2 carried over" in feed_file(feed, NOW)
    assert feed_version(feed, NOW).tag != before.tag


def test_after_a_decision_comes_an_item_that_is_on_the_page(client: Client) -> None:
    review, team = make_review(), make_team()
    client.force_login(make_user(team=team))
    first = make_item(review, make_campaign(team=team))
    make_item(review, make_campaign(is_private=True, team=make_team("product")))
    last = make_item(review, make_campaign(team=team))
    seen = re.findall(r'name="seen"\s+value="(\w+)"', client.get(f"{ADDRESS}?item={first.pk}").content.decode())
    response = client.post(f"{ADDRESS}items/{first.pk}/", {"decision": "keep", "reason": "Because.", "seen": seen[0]})
    assert response["Location"] == f"{ADDRESS}#item-{last.pk}"


def pairs(review: Review) -> Iterator[AgendaItem]:
    """Findings between campaigns of each kind, with few and with many people in both; and items of one campaign."""
    kinds = [make_campaign(team=make_team(team), is_private=private) for team, private in PLACES]
    for number, (first, other, (shared, percent)) in enumerate(
        product(kinds, kinds, ((5, 90.0), (9999, 1.0), (9999, 90.0)))
    ):
        facts = {"shared": shared, "percent": percent}
        yield make_item(review, first, "finding", other=other, facts=facts, key=f"finding:{number}")
    for campaign in kinds:
        yield make_item(review, campaign, "send")


PLACES = [("lifecycle", False), ("lifecycle", True), ("product", True)]


def test_the_rule_and_its_form_for_sets_say_the_same() -> None:
    review = make_review()
    assert len(list(pairs(review))) == 30
    people = [None, stranger(), make_user(team=make_team()), make_user(is_superuser=True), make_user(is_active=False)]
    for person in people:
        shown = {item.pk for item in items_of(review) if is_shown(item, person)}  # type: ignore[arg-type]
        assert set(review.items.filter(items_seen_by(person)).values_list("pk", flat=True)) == shown


def test_which_one_is_asked_of_those_alone_that_its_reader_can_do_something_to(client: Client) -> None:
    client.force_login(make_user("ana", team=make_team()))
    item = low_one(make_review())
    asked = r'name="campaign"\s+value="(\d+)"\s+(checked)?'
    both = re.findall(asked, client.get(f"{ADDRESS}?item={item.pk}").content.decode())
    assert both == [(str(item.campaign_id), ""), (str(item.other_id), "")]
    Campaign.objects.filter(pk=item.other_id or 0).update(team=make_team("product"))
    page = client.get(f"{ADDRESS}?item={item.pk}").content.decode()
    assert re.findall(asked, page) == [(str(item.campaign_id), "checked")]
    posted = {"decision": "stop", "campaign": str(item.other_id), "reason": "x", "seen": "x"}
    response = client.post(f"{ADDRESS}items/{item.pk}/", posted)
    assert response.status_code == 400
    assert "Nothing of this can be done to that one" in response.content.decode()
