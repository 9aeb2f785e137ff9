"""Feeds in the admin: the address is shown once, to its owner, and can be revoked."""

import pytest
from django.test import Client

from campaigns.models import Feed
from tests.builders import make_team, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/feed/"


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(make_user("vic", is_staff=True, team=make_team(), role="viewer"))
    return client


def test_the_address_of_a_feed_is_shown_exactly_once(viewer: Client) -> None:
    page = viewer.post(f"{LIST}add/", {"name": "Mine", "team": ""}, follow=True).content.decode()
    feed = Feed.objects.get()
    assert (feed.name, str(feed.owner)) == ("Mine", "vic")
    assert "http://testserver/feeds/" in page
    again = viewer.get(LIST).content.decode() + viewer.get(f"{LIST}{feed.pk}/change/").content.decode()
    assert "http://testserver/feeds/" not in again


def test_a_feed_is_revoked_by_post(viewer: Client) -> None:
    viewer.post(f"{LIST}add/", {"name": "Mine"})
    feed = Feed.objects.get()
    assert viewer.get(f"{LIST}{feed.pk}/revoke/").status_code == 405
    viewer.post(f"{LIST}{feed.pk}/revoke/")
    feed.refresh_from_db()
    assert feed.revoked_at is not None


def test_nobody_sees_or_revokes_the_feed_of_another(viewer: Client) -> None:
    other = Feed.objects.create(name="Secret plans", owner=make_user(), token_hash="x")
    assert "Secret plans" not in viewer.get(LIST).content.decode()
    viewer.post(f"{LIST}{other.pk}/revoke/")
    other.refresh_from_db()
    assert other.revoked_at is None
