"""Every route is declared, opens for those it is declared for and for nobody else, and changes nothing by GET."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audiences.services.api_keys import create_api_key
from deliveries import tokens
from tests.builders import make_customer, make_team, make_topic, make_user
from tests.calendar_project.routes import (
    ADMIN,
    ADMIN_EXTRAS,
    ADMIN_OWN,
    ADMIN_PAGES,
    INBOX,
    KEY,
    LEVELS,
    NOBODY,
    PAGE,
    ROUTES,
    TOKEN,
    answered,
    declared,
)
from tests.calendar_project.stage import Stage
from tests.calendar_project.watching import watched

pytestmark = pytest.mark.django_db


def sign_in(level: str) -> Client:
    client = Client()
    fields: dict[str, dict[str, Any]] = {
        "signed_in": {},
        "staff": {"is_staff": True},
        "planner": {"is_staff": True, "team": make_team("elsewhere"), "role": "planner"},
        "superuser": {"is_staff": True, "is_superuser": True},
    }
    if level != "anonymous":
        client.force_login(make_user(**fields[level]))
    return client


def test_every_route_is_declared() -> None:
    assert set(answered()) ^ declared() == set()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("name", ROUTES)
def test_strangers_get_in_where_no_door_is_and_by_the_declared_methods(name: str, method: str, stage: Stage) -> None:
    route = ROUTES[name]
    response = Client().generic(method, stage.addresses[name])
    if route.door in (KEY, INBOX):
        assert response.status_code == 401
    elif method not in route.methods:
        assert response.status_code == 405
    elif route.door == PAGE:
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/sign-in/")
    else:
        assert response.status_code == route.status


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.door == PAGE])
def test_every_page_opens_for_everybody_who_is_signed_in(name: str, stage: Stage) -> None:
    route = ROUTES[name]
    client = sign_in("superuser" if name.startswith("outbox") else "signed_in")
    assert client.get(stage.addresses[name]).status_code == route.status


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.door == TOKEN])
def test_a_token_of_any_other_purpose_opens_nothing(name: str) -> None:
    customer, topic = make_customer(), make_topic()
    held = {
        "unsubscribe": tokens.unsubscribe_token(customer.pk, topic.pk, "email"),
        "preferences": tokens.preferences_token(customer.pk),
        "view_message": tokens.view_token(customer.pk),
        "inbox": tokens.inbox_token(customer.pk),
        "": "guessed",
    }
    own = "view_message" if name == "view_content" else name
    for token in (token for purpose, token in held.items() if purpose != own):
        for method in ROUTES[name].methods.split():
            assert Client().generic(method, reverse(name, args=[token])).status_code == 404


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.door in (KEY, INBOX)])
def test_the_key_of_one_door_of_the_api_opens_no_other(name: str, stage: Stage) -> None:
    route = ROUTES[name]
    keys = {KEY: f"Token {create_api_key('shop')}", INBOX: f"Inbox {tokens.inbox_token(make_customer().pk)}"}
    statuses = {
        door: _ask(Client(headers={"authorization": key}), stage.addresses[name], route.methods)
        for door, key in keys.items()
    }
    own = statuses.pop(route.door)
    # Let in: an empty body is a bad request, and the inbox item is somebody else's.
    assert (own, set(statuses.values())) == (
        400 if route.door == KEY else 404 if "POST" in route.methods else 200,
        {401},
    )
    assert _ask(sign_in("signed_in"), stage.addresses[name], route.methods) in (401, 403)


def _ask(client: Client, address: str, method: str) -> int:
    return int(client.generic(method, address, content_type="application/json").status_code)


@pytest.mark.parametrize("model", ADMIN)
def test_the_admin_sends_away_who_is_no_staff(model: str, stage: Stage) -> None:
    """From which level on each page opens is walked in `test_roles`."""
    client = sign_in("signed_in")
    for page in ADMIN_PAGES:
        assert client.get(stage.addresses[f"admin:{model}_{page}"]).status_code == 302, page


def admin_status(model: str, page: str, needed: str, level: str) -> int:
    if level in ("anonymous", "signed_in"):
        return 302  # to sign in
    # The workspace has one row, to which its list leads.
    leads_away = model == ADMIN_OWN and level != "superuser" and page in ("change", "history")
    if leads_away or (model, page) == ("audiences_workspace", "changelist"):
        return 302
    return 403 if needed == NOBODY or LEVELS.index(level) < LEVELS.index(needed) else 200


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ADMIN_EXTRAS)
def test_what_else_the_admin_answers_is_answered_as_declared(name: str, level: str, stage: Stage) -> None:
    statuses = dict(zip(LEVELS[2:], ADMIN_EXTRAS[name], strict=True))
    outside = 200 if name == "admin:login" else 302
    assert sign_in(level).get(stage.addresses[name]).status_code == statuses.get(level, outside)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("name", sorted(declared()))
def test_nothing_is_changed_by_looking(name: str, method: str, stage: Stage) -> None:
    path, client = stage.addresses[name], sign_in("superuser")
    if name == "feed":
        client.generic(method, path)  # notes once an hour that it was read
    with watched() as watch:
        for who in (client, Client()):
            assert who.generic(method, path + "?everything=off&post=yes&action=delete_selected").status_code < 500
    assert not watch.has_seen_a_change()
