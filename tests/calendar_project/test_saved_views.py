"""Saved views: kept, opened, shared, renamed and deleted by their owner; somebody else's is not there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from audiences.models import Workspace
from campaigns.models import SavedView
from campaigns.services.saved_views import MOST
from tests.builders import make_team, make_user
from tests.calendar_project.test_week_page import WEEK, page, visible

pytestmark = pytest.mark.django_db
VIEWS = "/calendar/views/"


@pytest.fixture
def signed_in(client: Client) -> Client:
    Workspace.current()
    client.force_login(make_user("ana", team=make_team()))
    return client


def save(client: Client, name: str = "Drafts", query: str = "status=draft", **fields: str) -> str:
    """What the page says that comes after."""
    posted = {"name": name, "query": query, "back": f"{WEEK}?{query}", **fields}
    response = client.post(VIEWS, posted, follow=True)
    assert response.redirect_chain == [(posted["back"] if posted["back"].startswith("/cal") else "/calendar/", 302)]
    return visible(response.content.decode())


def test_a_view_is_saved_under_a_name_and_opened_from_any_week(signed_in: Client) -> None:
    assert "Save this view" not in page(signed_in)
    assert "Save this view" in page(signed_in, f"{WEEK}?status=draft")
    assert "Saved as “Drafts”." in save(signed_in)
    assert 'href="?status=draft"' in page(signed_in, "/calendar/2026-W50/")
    opened = page(signed_in, f"{WEEK}?status=draft")
    assert 'aria-current="true">Drafts' in opened
    assert "Save this view" not in opened


def test_only_what_the_filters_understand_is_saved(signed_in: Client) -> None:
    save(signed_in, query="status=draft&team=99999&page=4&status=nice")
    assert SavedView.objects.get().query == ""
    save(signed_in, "Two", query="text=R%26D&only=findings&x=1")
    assert SavedView.objects.get(name="Two").query == "text=R%26D&only=findings"


def test_two_of_one_name_by_one_person_are_a_sentence(signed_in: Client) -> None:
    save(signed_in)
    assert "You have a view called “drafts” already" in save(signed_in, "drafts")
    SavedView.objects.create(owner=make_user("eli"), name="Other")
    assert "Saved as “Other”." in save(signed_in, "Other")


@pytest.mark.parametrize(
    ("name", "sentence"), [(" \0 ", "A view needs a name"), ("x" * 61, "The name has 61 characters; at most 60")]
)
def test_a_name_that_is_none_is_a_sentence(signed_in: Client, name: str, sentence: str) -> None:
    assert sentence in save(signed_in, name)
    assert not SavedView.objects.exists()


def test_nobody_keeps_more_than_a_list_can_show(signed_in: Client) -> None:
    owner = User.objects.get(username="ana")
    SavedView.objects.bulk_create(SavedView(owner=owner, name=str(number)) for number in range(MOST))
    assert f"You have {MOST} saved views" in save(signed_in)


def test_a_choice_that_is_too_long_to_keep_is_a_sentence(signed_in: Client) -> None:
    query = "text=" + "😀" * 80 + "&status=approved&only=unapproved&rows=milestones"
    said = signed_in.post("/calendar/views/", {"name": "Long", "query": query}, follow=True).content.decode()
    assert "So much is chosen that it cannot be kept" in said
    assert not SavedView.objects.exists()


def test_it_is_renamed_shared_and_deleted(signed_in: Client) -> None:
    save(signed_in)
    view = SavedView.objects.get()
    change = {"name": "Not ready", "shared": "on", "back": WEEK}
    assert "Changed." in visible(signed_in.post(f"{VIEWS}{view.pk}/", change, follow=True).content.decode())
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Not ready", True)
    save(signed_in)
    taken = signed_in.post(f"{VIEWS}{view.pk}/", {"name": "DRAFTS"}, follow=True)
    assert "already" in visible(taken.content.decode())
    said = signed_in.post(f"{VIEWS}{view.pk}/delete/", follow=True).content.decode()
    assert "“Not ready” is deleted" in visible(said)
    assert signed_in.post(f"{VIEWS}{view.pk}/delete/").status_code == 404


def test_others_open_what_is_shared_and_change_nothing(signed_in: Client) -> None:
    eli = make_user("eli", first_name="Eli")
    shared = SavedView.objects.create(owner=eli, name="Ours", query="status=draft", is_shared=True)
    own = SavedView.objects.create(owner=eli, name="Secret plans", query="status=done")
    html = page(signed_in)
    assert "Ours Eli" in visible(html)
    assert "Secret plans" not in html
    for view in (shared, own):
        for address in (f"{VIEWS}{view.pk}/", f"{VIEWS}{view.pk}/delete/"):
            assert signed_in.post(address, {"name": "Mine"}).status_code == 404
            assert signed_in.get(address)["Location"] == "/calendar/"
    assert {view.name for view in SavedView.objects.all()} == {"Ours", "Secret plans"}


def test_what_a_view_names_and_is_gone_is_told_and_not_heeded(signed_in: Client) -> None:
    gone = make_team("gone")
    save(signed_in, "Theirs", query=f"team={gone.pk}&status=draft")
    view = SavedView.objects.get()
    gone.delete()
    text = visible(page(signed_in, f"{WEEK}?{view.query}"))
    assert "“Theirs” names what is gone: team. That part is not heeded; the rest is shown." in text


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "/admin/", "", "javascript:x"])
def test_one_comes_back_to_the_calendar_and_nowhere_else(signed_in: Client, back: str) -> None:
    save(signed_in, back=back)


@pytest.mark.parametrize("count", [1, 3])
def test_the_week_costs_the_same_with_one_view_and_with_three(
    signed_in: Client, count: int, django_assert_num_queries: Any
) -> None:
    owner = make_user("eli")
    for number in range(count):
        SavedView.objects.create(owner=owner, name=str(number), is_shared=True)
    with django_assert_num_queries(19 if connection.vendor == "postgresql" else 18):
        page(signed_in)
