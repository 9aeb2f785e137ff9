"""Low findings that are kept once more, by others or with the same words, and pages of keeping that came too late."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Decision
from campaigns.services.decisions import take_back
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_review, make_team, make_user
from tests.calendar_project.test_keeping_low_ones import ADDRESS, ana, at_nine, form, html, keep, states, undo
from tests.calendar_project.test_keeping_low_ones import key_of as key
from tests.campaigns.meetings import low_one

pytestmark = pytest.mark.django_db
__all__ = ["ana", "at_nine"]


@pytest.fixture
def eli() -> Client:
    client = Client()
    client.force_login(make_user("eli", team=make_team()))
    return client


def test_what_another_keeps_of_the_same_ones_is_theirs_alone(client: Client, ana: User, eli: Client) -> None:
    review = make_review()
    low = [low_one(review) for _ in range(4)]
    keep(client, reason="Ana’s word.")
    for each in low[:2]:
        take_back(each.pk, ana, NOW)
    keep(eli, reason="Eli’s word.")
    assert "Ana’s word." in html(client)
    assert html(client).count("2 low ones together") == 2
    undo(client, key(low[3]))
    assert states() == ["acknowledged"] * 2 + ["open"] * 2


def test_an_old_page_does_not_take_back_what_was_kept_since(client: Client, ana: User, eli: Client) -> None:
    review = make_review()
    low = [low_one(review) for _ in range(2)]
    keep(client)
    shown = key(low[0])
    undo(eli, shown)
    keep(eli, reason="After talking.")
    assert undo(client, shown).status_code == 302
    assert states() == ["acknowledged"] * 2


def test_the_same_words_about_others_are_no_second_click(client: Client, ana: User) -> None:
    review = make_review()
    low = [low_one(review) for _ in range(3)]
    keep(client, reason="ok")
    for each in low[:2]:
        take_back(each.pk, ana, NOW)
    posted = {**form(client), "reason": "ok"}
    low_one(review)
    response = client.post(f"{ADDRESS}low/keep/", posted)
    assert response.status_code == 409
    assert "have changed since" in response.content.decode()


def test_no_reason_on_a_review_that_was_closed_meanwhile_shows_the_minutes(client: Client, ana: User) -> None:
    review = make_review()
    for _ in range(2):
        low_one(review)
    posted = {**form(client), "reason": " "}
    close_review(review.pk, None, NOW)
    response = client.post(f"{ADDRESS}low/keep/", posted)
    assert response.status_code == 409
    assert "This review is closed" in response.content.decode()
    assert "Minutes of week" in response.content.decode()


def refused(client: Client) -> Any:
    client.force_login(make_user("vera", team=make_team(), role="viewer"))
    return client


def test_who_may_not_keep_them_any_more_still_has_what_they_wrote(client: Client, ana: User) -> None:
    review = make_review()
    for _ in range(2):
        low_one(review)
    posted = {**form(client), "reason": "A long thought."}
    response = refused(client).post(f"{ADDRESS}low/keep/", posted)
    assert response.status_code == 403
    assert "A long thought." in response.content.decode()


def test_who_may_not_close_it_still_has_what_they_wrote(client: Client, ana: User) -> None:
    make_review()
    response = refused(client).post(f"{ADDRESS}close/", {"notes": "A long thought."})
    assert response.status_code == 403
    assert "A long thought." in response.content.decode()
    assert "closed by an approver" in response.content.decode()


def test_who_plans_for_other_teams_alone_takes_none_of_them_back_and_is_told_so(client: Client, ana: User) -> None:
    review = make_review()
    first, *_ = [low_one(review) for _ in range(2)]
    keep(client)
    client.force_login(make_user("tom", team=make_team("product")))
    response = undo(client, key(first))
    assert response.status_code == 403
    assert "Only those who plan for one of their teams" in response.content.decode()
    assert not Decision.objects.exclude(taken_back_at=None).exists()
