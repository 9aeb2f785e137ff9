"""The workspace in the admin: one row, whose list is its page."""

import pytest
from django.test import Client

from audiences.models import Workspace
from tests.builders import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_the_list_is_the_page_of_the_one_row(admin: Client) -> None:
    page = admin.get("/admin/audiences/workspace/", follow=True)
    assert page.redirect_chain[-1][0] == "/admin/audiences/workspace/1/change/"
    assert admin.get("/admin/audiences/workspace/add/").status_code == 403
    assert Workspace.objects.count() == 1


def test_moments_are_shown_by_the_clock_of_the_workspace(admin: Client) -> None:
    Workspace.current()
    Workspace.objects.update(timezone="Asia/Tokyo")
    page = admin.get("/admin/").content.decode()
    assert 'data-admin-utc-offset="32400"' in page


def test_a_workspace_in_an_unknown_zone_is_refused(admin: Client) -> None:
    page = admin.get("/admin/audiences/workspace/", follow=True)
    posted = {"name": "Almanac", "timezone": "Mars/Base", "global_holdout_percent": "0"}
    again = admin.post(page.redirect_chain[-1][0], posted).content.decode()
    assert "“Mars/Base” is not a time zone" in again


def test_countries_are_chosen_by_name_and_kept_by_their_codes(admin: Client) -> None:
    page = admin.get("/admin/audiences/workspace/", follow=True)
    assert "Germany: Bayern (DE-BY)" in page.content.decode()
    posted = {"name": "Almanac", "timezone": "UTC", "global_holdout_percent": "0", "holiday_countries": ["US", "DE-BY"]}
    admin.post(page.redirect_chain[-1][0], posted)
    assert Workspace.current().holiday_countries == ["US", "DE-BY"]
    again = admin.post(page.redirect_chain[-1][0], {**posted, "holiday_countries": ["UK"]}).content.decode()
    assert "UK is not one of the available choices" in again
    admin.post(page.redirect_chain[-1][0], {**posted, "holiday_countries": []})
    assert Workspace.current().holiday_countries == []
