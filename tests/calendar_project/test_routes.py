"""Every route is declared, opens for those it is declared for and for nobody else, and changes nothing by GET."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from audiences.clock import read_now
from audiences.models import Workspace
from audiences.services.api_keys import create_api_key
from campaigns.models import Finding, Review, SavedView
from campaigns.services.feeds import create_feed
from deliveries import tokens
from deliveries.services.holds import put_on_hold
from tests.builders import (
    NOW,
    make_campaign,
    make_customer,
    make_delivery,
    make_item,
    make_review,
    make_running_send,
    make_team,
    make_topic,
    make_user,
)
from tests.calendar_project.admin_rows import ROWS
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

pytestmark = pytest.mark.django_db
FIRST_OF = {name.lower().replace(".", "_"): make for name, make in ROWS.items()}
# The first to hear of a request, and no part of the workspace: who is signed in, and when they were.
UNCOUNTED = {"sessions.Session", "auth.User"}


def sign_in(level: str) -> Client:
    client = Client()
    fields: dict[str, dict[str, Any]] = {
        "signed_in": {},
        "staff": {"is_staff": True},
        "planner": {"is_staff": True, "team": make_team(), "role": "planner"},
        "superuser": {"is_staff": True, "is_superuser": True},
    }
    if level != "anonymous":
        client.force_login(make_user(**fields[level]))
    return client


def arguments(name: str) -> dict[str, Any]:
    """What the address of a route of ours needs, with rows behind it."""
    send = make_running_send(make_campaign(channels=["in_app"]))
    delivery, topic = make_delivery(send, channel="in_app", state="sent"), make_topic()
    campaign, customer = send.campaign, delivery.customer
    message = campaign.messages.get()
    item = ROWS["deliveries.InboxItem"]()
    finding = ROWS["campaigns.Finding"]()
    Finding.objects.filter(pk=finding.pk).update(first=campaign)
    on_campaign: dict[str, Any] = {"campaign_id": campaign.pk}
    on_customer: dict[str, Any] = {"customer_id": customer.pk}
    on_view: dict[str, Any] = {"view_id": SavedView.objects.create(owner=make_user(), name="Ours").pk}
    view = {"token": tokens.view_token(delivery.pk)}
    made: dict[str, dict[str, Any]] = {
        "calendar:week-of": {"address": "2026-W48"},
        "calendar:list": {"address": "2026-W48"},
        "calendar:month": {"address": "2026-11"},
        "calendar:day": {"address": "2026-11-24"},
        "calendar:changes": {"first": "2026-11-23", "days": 7},
        "calendar:change-view": on_view,
        "calendar:delete-view": on_view,
        "calendar:campaign": on_campaign,
        "calendar:campaign-changes": on_campaign,
        "calendar:move-campaign": {**on_campaign, "name": "cancel"},
        **{f"calendar:{action}-section": {**on_campaign, "section": "goal"} for action in ("approve", "decline")},
        "calendar:forecast": on_campaign,
        "calendar:settle-finding": {**on_campaign, "finding_id": finding.pk, "name": "acknowledge"},
        "calendar:test-to-me": {**on_campaign, "message_id": message.pk},
        "calendar:move-send": {"send_id": send.pk},
        "calendar:tests-to-me": on_campaign,
        "calendar:customer": on_customer,
        "calendar:hold-customer": on_customer,
        "calendar:change-hold": {**on_customer, "hold_id": put_on_hold(customer.pk, "because", None, None, NOW).pk},
        "calendar:unsubscribe-customer": {**on_customer, "topic_id": topic.pk, "channel": "email"},
        "calendar:team-styles": {"version": "x"},
        "calendar:handoff": {**on_campaign, "step": "take"},
        "review:week": {"address": "2026-W48"},
        # A week that is over is not opened.
        "review:open": {"address": f"{read_now() + timedelta(days=7):%G-W%V}"},
        **{f"inbox-{action}": {"item_id": item.pk} for action in ("seen", "read", "dismiss")},
        "unsubscribe": {"token": tokens.unsubscribe_token(customer.pk, topic.pk, "email")},
        "preferences": {"token": tokens.preferences_token(customer.pk)},
        "view_message": view,
        "view_content": view,
        "outbox-mail": {"name": "none"},
    }
    if name == "feed":
        return {"token": create_feed(make_user(is_staff=True), None, "Mine")[1]}
    if name == "review:minutes":
        return {"address": make_review("2026-W46", is_closed=True).week}
    if name in ("review:decide", "review:take-back", "review:close", "review:keep-low", "review:take-back-low"):
        review = Review.objects.filter(state=Review.State.OPEN).first() or make_review("2026-W47")
        is_of_item = name in ("review:decide", "review:take-back")
        on_item = {"item_id": make_item(review, campaign, key=name).pk} if is_of_item else {}
        return {"address": review.week, **on_item}
    return made.get(name, {})


def address(name: str) -> str:
    return reverse(name, kwargs=arguments(name))


def admin_address(name: str) -> str:
    """Of any route of the admin; one without a name is its own pattern, filled in."""
    if not name.startswith("admin:"):
        model = name.removeprefix("admin/").split("/<")[0].replace("/", "_")
        return "/" + name.replace("<path:object_id>", str(row(model).pk)) if "<path" in name else "/admin/nothing/"
    model = "_".join(name.removeprefix("admin:").split("_")[:2])
    extras: dict[str, list[Any]] = {"admin:app_list": ["campaigns"], "admin:view_on_site": [1, 1]}
    move = ["cancel"] if name.endswith("campaign_move") else []
    try:
        return reverse(name, args=extras.get(name))
    except NoReverseMatch:
        return reverse(name, args=[row(model).pk, *move])


def row(model: str) -> Model:
    return FIRST_OF[model]()


def everything() -> dict[str, list[Any]]:
    models = [model for model in apps.get_models() if model._meta.label not in UNCOUNTED]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}


def test_every_route_is_declared() -> None:
    assert set(answered()) ^ declared() == set()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("name", ROUTES)
def test_strangers_get_in_where_no_door_is_and_by_the_declared_methods(name: str, method: str) -> None:
    route = ROUTES[name]
    response = Client().generic(method, address(name))
    if route.door in (KEY, INBOX):
        assert response.status_code == 401
    elif method not in route.methods:
        assert response.status_code == 405
    elif route.door == PAGE:
        assert (response.status_code, response["Location"].split("?")[0]) == (302, "/sign-in/")
    else:
        assert response.status_code == route.status


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.door == PAGE])
def test_every_page_opens_for_everybody_who_is_signed_in(name: str) -> None:
    route = ROUTES[name]
    client = sign_in("superuser" if name.startswith("outbox") else "signed_in")
    assert client.get(address(name)).status_code == (route.status if "GET" in route.methods else 405)


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
def test_the_key_of_one_door_of_the_api_opens_no_other(name: str) -> None:
    route = ROUTES[name]
    keys = {KEY: f"Token {create_api_key('shop')}", INBOX: f"Inbox {tokens.inbox_token(make_customer().pk)}"}
    statuses = {door: _ask(Client(headers={"authorization": key}), name, route.methods) for door, key in keys.items()}
    own = statuses.pop(route.door)
    # Let in: an empty body is a bad request, and the inbox item is somebody else's.
    assert (own, set(statuses.values())) == (
        400 if route.door == KEY else 404 if "POST" in route.methods else 200,
        {401},
    )
    assert _ask(sign_in("signed_in"), name, route.methods) in (401, 403)


def _ask(client: Client, name: str, method: str) -> int:
    return int(client.generic(method, address(name), content_type="application/json").status_code)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("model", ADMIN)
def test_the_admin_opens_each_page_from_the_declared_level_on(model: str, level: str) -> None:
    client, (see, add, delete) = sign_in(level), ADMIN[model]
    made = row(model)
    for page, needed in zip(ADMIN_PAGES, (see, add, see, see, delete), strict=True):
        path = reverse(f"admin:{model}_{page}", args=[] if page in ("changelist", "add") else [made.pk])
        assert client.get(path).status_code == admin_status(model, page, needed, level), page


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
def test_what_else_the_admin_answers_is_answered_as_declared(name: str, level: str) -> None:
    statuses = dict(zip(LEVELS[2:], ADMIN_EXTRAS[name], strict=True))
    outside = 200 if name == "admin:login" else 302
    assert sign_in(level).get(admin_address(name)).status_code == statuses.get(level, outside)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("name", sorted(declared()))
def test_nothing_is_changed_by_looking(name: str, method: str) -> None:
    Workspace.current()
    path = admin_address(name) if name.startswith("admin") else address(name)
    client = sign_in("superuser")
    client.generic(method, path)  # a feed notes once an hour that it was read
    before = everything()
    for who in (client, Client()):
        assert who.generic(method, path + "?everything=off&post=yes&action=delete_selected").status_code < 500
    assert everything() == before
