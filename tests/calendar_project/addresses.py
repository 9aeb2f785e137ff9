"""Every address of every route, filled in with every row there is: what a walk goes through."""

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import ManyToOneRel, Model
from django.db.models.base import ModelBase
from django.urls import NoReverseMatch, get_resolver, reverse

from audiences.clock import read_now
from audiences.models import Customer, Hold, Topic
from campaigns.models import (
    AgendaItem,
    Campaign,
    Finding,
    Message,
    Review,
    SavedView,
    Send,
)
from deliveries.models import InboxItem
from tests.calendar_project.routes import ADMIN_PAGES, ROUTES


def _ids(model: Any) -> Callable[[], Any]:
    return lambda: model._default_manager.order_by("pk").values_list("pk", flat=True)


# What the routes' parameters may be. A parameter that is not here fails the walk: say what it is filled with.
PARAMETERS: dict[str, Callable[[], Iterable[Any]]] = {
    "address": lambda: [f"{read_now():%G-W%V}"],
    "first": lambda: [f"{read_now():%Y-%m-%d}"],
    "days": lambda: [7],
    "campaign_id": _ids(Campaign),
    "send_id": _ids(Send),
    "finding_id": _ids(Finding),
    "view_id": _ids(SavedView),
    "section": lambda: ["audience", "none"],
    "step": lambda: ["take", "none"],
    "message_id": _ids(Message),
    "customer_id": lambda: _ids(Customer)()[:2],
    "topic_id": _ids(Topic),
    "hold_id": _ids(Hold),
    "item_id": _ids(InboxItem),
    "channel": lambda: ["email"],
    "name": lambda: ["cancel", "none"],
    "version": lambda: ["x"],
    # Tokens are their holders' own: their pages are walked by those who hold one.
    "token": list,
}
# What the parameter of one route is instead.
OF_ROUTE: dict[tuple[str, str], Callable[[], Iterable[Any]]] = {
    ("calendar:month", "address"): lambda: [f"{read_now():%Y-%m}"],
    ("calendar:day", "address"): lambda: [f"{read_now():%Y-%m-%d}"],
    **{(f"review:{step}", "item_id"): _ids(AgendaItem) for step in ("decide", "take-back")},
    **{
        (f"review:{page}", "address"): lambda: [f"{read_now():%G-W%V}", *Review.objects.values_list("week", flat=True)]
        for page in ("week", "minutes", "open", "close", "keep-low", "take-back-low", "decide", "take-back")
    },
}
MOST = 60


def _leading_to(model: type[Model], found: dict[type[Model], None]) -> dict[type[Model], None]:
    """The model and every one that leads to it by foreign keys, nearest first."""
    if model not in found:
        found[model] = None
        for relation in model._meta.related_objects:
            if isinstance(relation, ManyToOneRel) and isinstance(relation.related_model, ModelBase):
                _leading_to(relation.related_model, found)
    return found


# What belongs to a campaign, and with it what it says. Found by itself: what comes later is walked too.
OF_A_CAMPAIGN: tuple[type[Model], ...] = tuple(_leading_to(Campaign, {}))


def pages() -> Iterator[tuple[str, str]]:
    """(route, address) of every route outside the admin, for every row."""
    for name in ROUTES:
        filled = [OF_ROUTE.get((name, each), PARAMETERS[each]) for each in _parameters(name)]
        for values in product(*(list(fill())[:MOST] for fill in filled)):
            yield name, reverse(name, kwargs=dict(zip(_parameters(name), values, strict=True)))


def admin_pages() -> Iterator[tuple[str, str]]:
    """(route, address) of every page of every model of the admin: for all rows of a campaign's, one of any other's."""
    for model in admin.site._registry:
        prefix = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        rows = list(_ids(model)()[: MOST if model in OF_A_CAMPAIGN else 1])
        for page in ADMIN_PAGES:
            for arguments in [[]] if page in ("changelist", "add") else [[pk] for pk in rows]:
                yield f"{prefix}_{page}", reverse(f"{prefix}_{page}", args=arguments)
    for name in ("admin:campaigns_campaign_move", "admin:campaigns_finding_acknowledge"):
        yield from _of_rows(name)
    for app in {model._meta.app_label for model in admin.site._registry}:
        yield "admin:app_list", reverse("admin:app_list", args=[app])
    yield "admin:index", reverse("admin:index")


def questions() -> Iterator[tuple[str, str]]:
    """(route, address) of lists that are asked for rows by what stands in rows beside them."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        beside = [each for each in model._meta.related_objects if each.related_model in OF_A_CAMPAIGN]
        for relation, pk in product(beside, (1, 2)):
            yield name, f"{reverse(name)}?{relation.name}={pk}"


def _of_rows(name: str) -> Iterator[tuple[str, str]]:
    model = apps.get_model("campaigns", name.removeprefix("admin:campaigns_").split("_")[0])
    more = ["cancel"] if name.endswith("move") else []
    for pk in model._default_manager.values_list("pk", flat=True):
        yield name, reverse(name, args=[pk, *more])


def _parameters(name: str) -> list[str]:
    space, _, plain = name.rpartition(":")
    resolver: Any = get_resolver()
    if space:
        resolver = resolver.namespace_dict[space][1]
    (possibility, *_), *_ = resolver.reverse_dict.getlist(plain)
    try:
        return list(possibility[0][1])
    except IndexError as problem:
        raise NoReverseMatch(name) from problem


def sends() -> list[int]:
    return list(Send.objects.order_by("pk").values_list("pk", flat=True))
