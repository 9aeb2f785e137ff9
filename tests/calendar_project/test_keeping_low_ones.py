"""All the low findings of a section are kept with one reason and taken back with one click; others are left alone."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audiences.models import Workspace
from campaigns.models import AgendaItem, Campaign, Decision, Finding
from campaigns.services.decisions import take_back
from campaigns.services.overlaps import acknowledge, reopen
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_review, make_team, make_user
from tests.campaigns.meetings import decided, low_one

pytestmark = pytest.mark.django_db
ADDRESS = "/review/2026-W48/"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("views", "pages", "keeping"):
        monkeypatch.setattr(f"calendar_project.review_page.{module}.read_now", lambda: NOW)
    Workspace.current()


@pytest.fixture
def ana(client: Client) -> User:
    user = make_user("ana", team=make_team())
    client.force_login(user)
    return user


def html(client: Client) -> str:
    return unescape(client.get(ADDRESS).content.decode())


def form(client: Client) -> dict[str, str]:
    found = re.findall(r'name="(seen|carried)"\s+value="([^"]*)"', html(client))
    return dict(found)


def keep(client: Client, **fields: str) -> Any:
    return client.post(f"{ADDRESS}low/keep/", {"reason": "Few people.", **form(client), **fields})


def undo(client: Client, key: str) -> Any:
    return client.post(f"{ADDRESS}low/take-back/", {"together": key})


def key_of(item: AgendaItem) -> str:
    """What its page names those by that were kept with it."""
    return str(item.decisions.latest("pk").undo["together"])


def states() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("state", flat=True))


def test_all_that_are_left_are_kept_with_one_reason_and_each_is_a_decision_of_its_own(
    client: Client, ana: User
) -> None:
    review = make_review()
    low_one(review, "high")
    low = [low_one(review) for _ in range(3)]
    decided(low[0], "keep", ana, reason="Of its own.")
    assert "Keep all 2 low ones that are left" in html(client)
    assert keep(client).status_code == 302
    assert states() == ["open", *["acknowledged"] * 3]
    reasons = list(Decision.objects.order_by("item").values_list("kind", "reason", "by"))
    assert reasons == [("keep", "Of its own.", ana.pk), *[("keep", "Few people.", ana.pk)] * 2]
    assert "2 low ones together" in html(client)
    assert "Keep all" not in html(client)


def test_they_are_taken_back_together_and_kept_again(client: Client, ana: User) -> None:
    review = make_review()
    first, *_ = [low_one(review) for _ in range(2)]
    for _ in range(2):
        keep(client)
        assert states() == ["acknowledged"] * 2
        assert [undo(client, key_of(first)).status_code for _ in range(2)] == [302, 302]
        assert states() == ["open"] * 2
    assert Decision.objects.filter(taken_back_by=ana).count() == 4


def test_one_of_them_is_taken_back_alone_like_any_other(client: Client, ana: User) -> None:
    review = make_review()
    first, *_ = [low_one(review) for _ in range(3)]
    keep(client)
    take_back(first.pk, ana, NOW)
    assert states() == ["open", "acknowledged", "acknowledged"]
    assert "2 low ones together" in html(client)
    undo(client, key_of(first))
    assert states() == ["open"] * 3


def test_what_was_settled_otherwise_since_stays_so(client: Client, ana: User) -> None:
    review = make_review()
    first, *_ = [low_one(review) for _ in range(2)]
    keep(client)
    assert first.finding
    reopen(first.finding.pk, NOW, ana)
    acknowledge(first.finding.pk, ana, "Elsewhere", NOW.replace(hour=10))
    undo(client, key_of(first))
    assert states() == ["acknowledged", "open"]
    response = undo(client, key_of(first))
    assert response.status_code == 409
    assert "settled otherwise since" in response.content.decode()


def test_private_ones_of_others_and_those_of_other_teams_are_left_alone(client: Client, ana: User) -> None:
    review = make_review()
    low = [low_one(review) for _ in range(2)]
    others = [low_one(review, team="product", is_private=True), low_one(review, team="product")]
    mixed = low_one(review, team="product", is_private=True)
    # Ana plans for one side of it, and may not see the other.
    Campaign.objects.filter(pk=mixed.other_id or 0).update(team=make_team())
    assert "Keep all 2 low ones that are left" in html(client)
    keep(client)
    assert set(Decision.objects.values_list("item", flat=True)) == {each.pk for each in low}
    # And they stay when their campaigns are hidden from her later.
    Campaign.objects.filter(pk=low[0].campaign_id).update(is_private=True, team=make_team("product"))
    undo(client, key_of(low[0]))
    assert set(Decision.objects.filter(taken_back_at=None).values_list("item", flat=True)) == {low[0].pk}
    assert len(others) == 2


@pytest.mark.parametrize("change", ["another", "settled", "edited", "worse", "decided", "closed"])
def test_a_page_that_is_not_as_things_are_is_refused_and_keeps_the_reason(
    client: Client, ana: User, change: str
) -> None:
    review = make_review()
    low = [low_one(review) for _ in range(3)]
    finding, seen = low[0].finding, form(client)
    assert finding
    if change == "another":
        low_one(review)
    elif change == "settled":
        acknowledge(finding.pk, None, "Elsewhere", NOW)
    elif change == "edited":
        Campaign.objects.filter(pk=low[0].campaign_id).update(status="paused")
    elif change == "worse":
        Finding.objects.filter(pk=finding.pk).update(severity="high")
    elif change == "decided":
        decided(low[0], "stop", None, campaign_id=low[0].campaign_id)
    else:
        close_review(review.pk, None, NOW)
    before = Decision.objects.count()
    response = client.post(f"{ADDRESS}low/keep/", {**seen, "reason": "A long thought."})
    assert response.status_code == 409
    assert "A long thought." in response.content.decode()
    assert Decision.objects.count() == before


def test_a_second_click_is_no_mistake(client: Client, ana: User) -> None:
    review = make_review()
    for _ in range(2):
        low_one(review)
    seen = {**form(client), "reason": "Few people."}
    assert [client.post(f"{ADDRESS}low/keep/", seen).status_code for _ in range(2)] == [302, 302]
    assert Decision.objects.count() == 2
    assert client.post(f"{ADDRESS}low/keep/", {**seen, "reason": "Another"}).status_code == 409


def test_those_carried_over_are_kept_apart_from_the_others(client: Client, ana: User) -> None:
    review = make_review()
    carried = [low_one(review, carried=1) for _ in range(2)]
    low_one(review)
    assert form(client)["carried"] == "1"
    keep(client)
    assert set(Decision.objects.values_list("item", flat=True)) == {each.pk for each in carried}


def test_who_plans_for_nobody_and_who_says_no_reason_keeps_nothing(client: Client, ana: User) -> None:
    review = make_review()
    for _ in range(2):
        low_one(review)
    assert keep(client, reason=" ").status_code == 400
    seen = form(client)
    client.force_login(make_user(team=make_team(), role="viewer"))
    assert "Keep all" not in html(client)
    for response in (client.post(f"{ADDRESS}low/keep/", {**seen, "reason": "x"}), undo(client, "1")):
        assert response.status_code == 403
    assert client.post("/review/2026-W40/low/keep/").status_code == 404
    assert not Decision.objects.exists()


def test_one_low_one_has_its_own_form_alone(client: Client, ana: User) -> None:
    low_one(make_review())
    assert "Keep all" not in html(client)


@pytest.mark.parametrize("count", [2, 6])
def test_it_costs_the_same_whatever_there_is(client: Client, ana: User, count: int) -> None:
    review = make_review()
    for _ in range(count):
        low_one(review)
    posted = {**form(client), "reason": "Few people."}
    with CaptureQueriesContext(connection) as page:
        client.get(ADDRESS)
    with CaptureQueriesContext(connection) as keeping:
        client.post(f"{ADDRESS}low/keep/", posted)
    key = key_of(review.items.order_by("pk")[0])
    with CaptureQueriesContext(connection) as undoing:
        undo(client, key)
    assert [len(page), len(keeping), len(undoing)] == [13, 14, 13]
