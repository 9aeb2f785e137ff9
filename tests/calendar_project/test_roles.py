"""Every page, endpoint and feed, by GET and by POST, as each role: of the team whose things they are, and elsewhere."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audiences.services.api_keys import create_api_key
from calendar_project.campaign_page.handing_over import STEPS
from calendar_project.campaign_page.moves import MOVES
from calendar_project.campaign_page.settle import FIXES
from campaigns.admin.moves import BY_NAME
from campaigns.plan import SECTIONS
from deliveries import tokens
from deliveries.channels.memory import MemoryChannel
from deliveries.models import InboxItem
from tests.builders import make_customer, make_team, make_user
from tests.calendar_project.deeds import DEEDS, ELSEWHERE, Deed
from tests.calendar_project.routes import (
    ADMIN,
    ADMIN_CHANGES,
    ADMIN_EXTRAS,
    ADMIN_PAGES,
    API_POSTS,
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
)
from tests.calendar_project.stage import Stage
from tests.calendar_project.test_routes import admin_status
from tests.calendar_project.watching import posted, watched

pytestmark = pytest.mark.django_db
# What reads a key and no session does not know those who are signed in.
BY_KEY_ALONE = ("inbox-tokens", "holds", "holds-lift")


@pytest.fixture(autouse=True)
def mails(settings: Any) -> None:
    settings.CHANNELS = {**settings.CHANNELS, "email": "deliveries.channels.memory.MemoryChannel"}
    MemoryChannel.clear()


def sign_in(who: str) -> tuple[Client, User | None]:
    client, is_admin = Client(), who == "workspace admin"
    if who == "anonymous":
        return client, None
    user = make_user(is_staff=True, is_superuser=is_admin, email="me@example.com")
    if not is_admin:
        team = make_team("lifecycle" if who.endswith("of the team") else ELSEWHERE)
        team.memberships.create(user=user, role=who.split()[0])
    client.force_login(user)
    return client, user


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
def test_every_route_answers_a_look_of(who: str, stage: Stage) -> None:
    client, _ = sign_in(who)
    told = {name: client.get(stage.addresses[name]).status_code for name in ROUTES}
    home = {"home", "sign-in"} if who != "anonymous" else set()
    expected = {name: 302 if name in home else expected_of_a_look(name, who) for name in ROUTES}
    if who == "workspace admin":
        # The API takes a workspace admin for who they are, and has nothing to show them.
        expected |= {"api-customers": 405, "api-events": 405}
    assert told == expected


@pytest.mark.parametrize("who", PEOPLE)
def test_what_each_route_does_by_post_it_does_for_those_declared_alone_and_not_for(who: str, stage: Stage) -> None:
    client, _ = sign_in(who)
    told = {name: posted(client, stage.addresses[name], body)[1] for name, (body, _) in POSTS.items()}
    assert told == {name: who in by for name, (_, by) in POSTS.items()}


@pytest.mark.parametrize("who", PEOPLE)
def test_what_can_be_done_where_it_can_be_done_is_done_for_those_declared_alone_and_not_for(
    who: str, stage: Stage
) -> None:
    client, user = sign_in(who)
    told = {str(deed): _has_effect(deed, client, user) for deed in DEEDS}
    assert told == {str(deed): who in deed.by for deed in DEEDS}


def _has_effect(deed: Deed, client: Client, user: User | None) -> bool:
    with transaction.atomic():
        parameters, body = deed.scene(user)
        done = posted(client, reverse(deed.route, kwargs=parameters), body)[1]
        transaction.set_rollback(True)
    return done


def test_every_route_that_answers_a_post_is_posted_to() -> None:
    ours = {name for name, route in ROUTES.items() if "POST" in route.methods}
    admin = {name for name in ADMIN_EXTRAS if name.startswith("admin:")}
    assert {*POSTS, *(deed.route for deed in DEEDS), *API_POSTS} == ours | admin


def test_every_button_of_a_route_that_has_several_is_pressed() -> None:
    pressed: dict[str, set[str]] = {}
    for deed in DEEDS:
        pressed.setdefault(deed.route, set()).add(deed.does.split()[0])
    several: dict[str, Iterable[str]] = {
        "calendar:move-campaign": MOVES,
        "admin:campaigns_campaign_move": BY_NAME,
        "calendar:settle-finding": FIXES,
        "calendar:handoff": STEPS,
        "calendar:approve-section": SECTIONS,
        "calendar:decline-section": SECTIONS,
    }
    assert {route: pressed[route] for route in several} == {route: set(names) for route, names in several.items()}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_session_opens_the_api_to_those_declared_alone_and_not_to(who: str, stage: Stage) -> None:
    client, _ = sign_in(who)
    make_customer(external_id="walked")
    assert _let_in(client, stage) == {name for name, (_, by) in API_POSTS.items() if who in by}


def test_a_key_and_an_inbox_token_open_what_they_are_for(stage: Stage) -> None:
    make_customer(external_id="walked")
    reader = InboxItem.objects.get(pk=stage.addresses["inbox-seen"].split("/")[4]).customer_id
    keys = {KEY: f"Token {create_api_key('shop')}", INBOX: f"Inbox {tokens.inbox_token(reader)}"}
    for door, key in keys.items():
        let_in = _let_in(Client(headers={"authorization": key}), stage)
        assert let_in == {name for name in API_POSTS if ROUTES[name].door == door}


def _let_in(client: Client, stage: Stage) -> set[str]:
    """The routes of the API that take what is sent; nothing is done by those that do not."""
    let_in = set()
    for name, (body, _) in API_POSTS.items():
        status, done = posted(client, stage.addresses[name], body, content_type="application/json")
        assert status < 300 or not done, name
        let_in |= {name} if status < 300 else set()
    return let_in


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_shows_as_declared_to(who: str, stage: Stage) -> None:
    client, _ = sign_in(who)
    told, expected = {}, {}
    with watched() as watch:
        for model, page in product(ADMIN, ADMIN_PAGES):
            told[model, page] = client.get(stage.addresses[f"admin:{model}_{page}"]).status_code
            expected[model, page] = _looked(model, page, who)
    assert told == expected
    assert not watch.has_seen_a_change()


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_takes_as_declared_of(who: str, stage: Stage) -> None:
    """What is taken is empty, and sent back with what is missing: nothing is done by that."""
    client, _ = sign_in(who)
    told, expected = {}, {}
    for model, page in product(ADMIN, ("changelist", "add", "change")):
        told[model, page] = posted(client, stage.addresses[f"admin:{model}_{page}"], {})
        expected[model, page] = (_taken(model, page, who), False)
    assert told == expected


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_deletes_as_declared_for(who: str, stage: Stage) -> None:
    client, _ = sign_in(who)
    done = {model for model in ADMIN if posted(client, stage.addresses[f"admin:{model}_delete"], {"post": "yes"})[1]}
    assert done == {model for model in ADMIN if _looked(model, "delete", who) == 200}


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
