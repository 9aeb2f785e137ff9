"""One row of everything, and the address of every route on it: made once for all tests of a file that walk them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from audiences.clock import read_now
from audiences.models import Workspace
from campaigns.models import Campaign, Finding, SavedView
from campaigns.services.feeds import create_feed
from deliveries import tokens
from deliveries.services.holds import put_on_hold
from tests.builders import (
    NOW,
    make_campaign,
    make_delivery,
    make_item,
    make_review,
    make_running_send,
    make_team,
    make_topic,
    make_user,
    make_version,
)
from tests.calendar_project.admin_rows import ROWS
from tests.calendar_project.routes import ADMIN, ADMIN_EXTRAS, ADMIN_PAGES, ROUTES

Made = TypeVar("Made")


@dataclass(frozen=True)
class Stage:
    """`addresses`: of every declared route by its name, the admin's included; `rows`: those of the admin, by model."""

    addresses: dict[str, str]
    rows: dict[str, Model] = field(repr=False)


@contextmanager
def lasting(blocker: Any, make: Callable[[], Made]) -> Iterator[Made]:
    """Rows for all tests of a file. Each begins where these stand: what it does itself is rolled back to there."""
    with blocker.unblock(), ExitStack() as whole:
        whole.enter_context(transaction.atomic())
        if connection.vendor == "postgresql":  # which ends what idles for a minute, as tests on a busy machine may
            connection.cursor().execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        made = make()
        atomic = whole.pop_all()
    yield made
    with blocker.unblock(), atomic:
        transaction.set_rollback(True)


def make_stage() -> Stage:
    """Every campaign of it belongs to the team Lifecycle, and could be stopped."""
    Workspace.current()
    rows = {name.lower().replace(".", "_"): make() for name, make in ROWS.items()}
    addresses = {name: reverse(name, kwargs=arguments) for name, arguments in _arguments().items()}
    addresses |= {name: admin_address(name, rows) for name in (*ADMIN_EXTRAS, *_of_models())}
    Campaign.objects.update(team=make_team())
    for campaign in Campaign.objects.filter(versions=None):
        make_version(campaign)
    return Stage(addresses, rows)


def _of_models() -> Iterator[str]:
    return (f"admin:{model}_{page}" for model in ADMIN for page in ADMIN_PAGES)


def _arguments() -> dict[str, dict[str, Any]]:
    """What the address of each route of ours needs, with rows behind it."""
    send = make_running_send(make_campaign(channels=["in_app"]))
    delivery, topic = make_delivery(send, channel="in_app", state="sent"), make_topic()
    campaign, customer = send.campaign, delivery.customer
    finding = ROWS["campaigns.Finding"]()
    Finding.objects.filter(pk=finding.pk).update(first=campaign)
    on_campaign: dict[str, Any] = {"campaign_id": campaign.pk}
    on_customer: dict[str, Any] = {"customer_id": customer.pk}
    on_view: dict[str, Any] = {"view_id": SavedView.objects.create(owner=make_user(), name="Ours").pk}
    on_item = {"item_id": ROWS["deliveries.InboxItem"]().pk}
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
        "calendar:test-to-me": {**on_campaign, "message_id": campaign.messages.get().pk},
        "calendar:move-send": {"send_id": send.pk},
        "calendar:tests-to-me": on_campaign,
        "calendar:customer": on_customer,
        "calendar:hold-customer": on_customer,
        "calendar:change-hold": {**on_customer, "hold_id": put_on_hold(customer.pk, "because", None, None, NOW).pk},
        "calendar:unsubscribe-customer": {**on_customer, "topic_id": topic.pk, "channel": "email"},
        "calendar:team-styles": {"version": "x"},
        "calendar:handoff": {**on_campaign, "step": "take"},
        **_of_reviews(campaign),
        **{f"inbox-{action}": on_item for action in ("seen", "read", "dismiss")},
        "unsubscribe": {"token": tokens.unsubscribe_token(customer.pk, topic.pk, "email")},
        "preferences": {"token": tokens.preferences_token(customer.pk)},
        "view_message": view,
        "view_content": view,
        "feed": {"token": create_feed(make_user(is_staff=True), None, "Mine")[1]},
        "outbox-mail": {"name": "none"},
    }
    return {name: made.get(name, {}) for name in ROUTES}


def _of_reviews(campaign: Campaign) -> dict[str, dict[str, Any]]:
    """A week that is over is not opened; one that is closed has minutes."""
    present = make_review("2026-W47")
    on_item = {"address": present.week, "item_id": make_item(present, campaign).pk}
    return {
        "review:week": {"address": "2026-W48"},
        "review:open": {"address": f"{read_now() + timedelta(days=7):%G-W%V}"},
        "review:minutes": {"address": make_review("2026-W46", is_closed=True).week},
        "review:decide": on_item,
        "review:take-back": on_item,
        **{f"review:{step}": {"address": present.week} for step in ("close", "keep-low", "take-back-low")},
    }


def admin_address(name: str, rows: dict[str, Model]) -> str:
    """Of any route of the admin; one without a name is its own pattern, filled in."""
    if not name.startswith("admin:"):
        model = name.removeprefix("admin/").split("/<")[0].replace("/", "_")
        return "/" + name.replace("<path:object_id>", str(rows[model].pk)) if "<path" in name else "/admin/nothing/"
    model = "_".join(name.removeprefix("admin:").split("_")[:2])
    extras: dict[str, list[Any]] = {"admin:app_list": ["campaigns"], "admin:view_on_site": [1, 1]}
    move = ["cancel"] if name.endswith("campaign_move") else []
    try:
        return reverse(name, args=extras.get(name))
    except NoReverseMatch:
        return reverse(name, args=[rows[model].pk, *move])
