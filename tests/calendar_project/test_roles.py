"""Every page, endpoint and feed, by GET and by POST, as each role: of the team whose things they are, and elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audiences.models import Workspace
from campaigns.models import Campaign, Membership, Team
from deliveries.channels.memory import MemoryChannel
from tests.builders import make_team, make_user, make_version
from tests.calendar_project.routes import (
    ADMIN,
    ADMIN_CHANGES,
    ADMIN_EXTRAS,
    ADMIN_PAGES,
    INBOX,
    KEY,
    LEVELS,
    NO_ONE,
    NOBODY,
    OF_THE_TEAM,
    PAGE,
    PEOPLE,
    POSTS,
    ROUTES,
    TOKEN,
)
from tests.calendar_project.test_routes import address, admin_address, admin_status, everything, row

pytestmark = pytest.mark.django_db
TEAM, ELSEWHERE = "lifecycle", "elsewhere"
# Whoever takes these is somebody else afterwards.
DOORS = {"admin:login", "admin:logout"}


@pytest.fixture(autouse=True)
def mails(settings: Any) -> None:
    settings.CHANNELS = {**settings.CHANNELS, "email": "deliveries.channels.memory.MemoryChannel"}
    MemoryChannel.clear()
    Workspace.current()


def sign_in(who: str) -> Client:
    client = Client()
    if who != "anonymous":
        user = make_user(is_staff=True, is_superuser=who == "workspace admin", email="me@example.com")
        if who != "workspace admin":
            team = make_team(TEAM if who.endswith("of the team") else ELSEWHERE)
            Membership.objects.create(team=team, user=user, role=who.split()[0])
        client.force_login(user)
    return client


def of_the_team() -> None:
    """Every campaign there is belongs to one team, and could be stopped."""
    Campaign.objects.update(team=Team.objects.get_or_create(slug=TEAM, defaults={"name": "Lifecycle"})[0])
    for campaign in Campaign.objects.filter(versions=None):
        make_version(campaign)


def posted(client: Client, path: str, body: dict[str, str]) -> tuple[int, bool]:
    """The status, and whether anything was changed or sent; all of it is undone."""
    before, mails = everything(), len(MemoryChannel.sent)
    with transaction.atomic():
        status = client.post(path, body).status_code
        changed = everything() != before or len(MemoryChannel.sent) != mails
        transaction.set_rollback(True)
    return status, changed


# What reads a key and no session does not know those who are signed in.
BY_KEY_ALONE = ("inbox-tokens", "holds", "holds-lift")


def expected_of_a_look(name: str, who: str) -> int:
    route = ROUTES[name]
    if route.door in (KEY, INBOX):
        return 401 if who == "anonymous" or route.door == INBOX or name in BY_KEY_ALONE else 403
    if "GET" not in route.methods:
        return 405
    if route.door == PAGE and who == "anonymous":
        return 302
    if name == "calendar:move-send":
        return 200 if who in OF_THE_TEAM else route.status
    return 404 if name == "outbox" and who != "workspace admin" else route.status


@pytest.mark.parametrize("who", PEOPLE)
def test_every_route_answers_a_look_of(who: str) -> None:
    client = sign_in(who)
    told = {}
    for name in ROUTES:
        path = address(name)
        of_the_team()
        told[name] = client.get(path).status_code
    home = {"home", "sign-in"} if who != "anonymous" else set()
    expected = {name: 302 if name in home else expected_of_a_look(name, who) for name in ROUTES}
    if who == "workspace admin":
        # The API takes a workspace admin for who they are, and has nothing to show them.
        expected |= {"api-customers": 405, "api-events": 405}
    assert told == expected


@pytest.mark.parametrize("who", PEOPLE)
def test_what_each_route_does_by_post_it_does_for_those_declared_alone_and_not_for(who: str) -> None:
    client = sign_in(who)
    told, expected = {}, {}
    for name, route in ROUTES.items():
        if route.door == PAGE and "POST" in route.methods:
            path = address(name)
            of_the_team()
            body, by = POSTS[name]
            told[name], expected[name] = posted(client, path, body)[1], who in by
    for name in ADMIN_EXTRAS:
        if name.startswith("admin:") and name not in DOORS:
            path = admin_address(name)
            of_the_team()
            body, by = POSTS[name]
            told[name], expected[name] = posted(client, path, body)[1], who in by
    assert told == expected


@pytest.mark.parametrize("who", PEOPLE)
def test_the_api_and_the_public_pages_do_nothing_by_an_empty_post_of(who: str) -> None:
    """A signed token and an inbox's are their holder's, whoever is signed in: `test_routes` tries them."""
    client = sign_in(who)
    for name, route in ROUTES.items():
        if "POST" in route.methods and route.door not in (PAGE, TOKEN):
            assert posted(client, address(name), {})[1] is False, name


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_shows_and_takes_as_declared_of(who: str) -> None:
    client, told, expected = sign_in(who), {}, {}
    for model, page, path in _admin_pages():
        of_the_team()
        before = everything()
        told[model, page] = (client.get(path).status_code, posted(client, path, {})[0])
        expected[model, page] = (_looked(model, page, who), _taken(model, page, who))
        assert everything() == before
    assert told == expected


def _admin_pages() -> Iterator[tuple[str, str, str]]:
    for model in ADMIN:
        made = row(model)
        for page in ADMIN_PAGES:
            arguments = [] if page in ("changelist", "add") else [made.pk]
            yield model, page, reverse(f"admin:{model}_{page}", args=arguments)


def _looked(model: str, page: str, who: str) -> int:
    see, add, delete = ADMIN[model]
    needed = {"add": add, "delete": delete}.get(page, see)
    return admin_status(model, page, needed, PEOPLE[who])


def _taken(model: str, page: str, who: str) -> int:
    """200: it was read, and sent back with what is missing. A list takes a POST as a look."""
    looked = _looked(model, page, who)
    if page == "change" and who != "anonymous" and who not in ADMIN_CHANGES.get(model, NO_ONE):
        return 403
    return looked


def test_every_role_is_of_a_level_and_every_level_has_one() -> None:
    assert set(PEOPLE.values()) | {"signed_in"} == set(LEVELS)
    assert all(needed in (*LEVELS, NOBODY) for table in ADMIN.values() for needed in table)
