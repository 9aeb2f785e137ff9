"""Every page of the admin, for every registered model: it opens, and its queries do not grow with its rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Membership
from tests.builders import make_team, make_user
from tests.calendar_project.admin_rows import ROWS

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
IDS = [model._meta.label for model in MODELS]

# Queries of each list, sign-in, session and filters included. A new column must not change them row by row.
QUERIES = {
    "audiences.Customer": 5,
    "audiences.Event": 4,
    "audiences.Hold": 4,
    "audiences.ImportRun": 6,
    "audiences.Segment": 5,
    "audiences.Subscription": 5,
    "audiences.Suppression": 5,
    "audiences.Topic": 6,
    "audiences.Workspace": 4,
    "auth.User": 6,
    "campaigns.CalendarEntry": 8,
    "campaigns.Campaign": 8,
    "campaigns.Feed": 6,
    "campaigns.Finding": 5,
    "campaigns.ImportedCalendar": 6,
    "campaigns.Milestone": 6,
    "campaigns.Review": 5,
    "campaigns.Send": 8,
    "campaigns.Team": 6,
    "deliveries.Breaker": 5,
    "deliveries.Cap": 6,
    "deliveries.Delivery": 4,
    "deliveries.Heartbeat": 5,
    "deliveries.InboxItem": 4,
    "deliveries.QuietHours": 6,
    "deliveries.Withheld": 4,
    "knox.AuthToken": 5,
}


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def superuser(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_every_registered_model_has_rows_to_be_tested_with() -> None:
    assert {model._meta.label for model in MODELS} == set(ROWS)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_every_page_opens_for_a_superuser(superuser: Client, model: type[Model]) -> None:
    row = ROWS[model._meta.label]()
    assert superuser.get(address(model, "changelist"), follow=True).status_code == 200
    assert superuser.get(address(model, "change", row.pk)).status_code == 200
    assert superuser.get(address(model, "history", row.pk)).status_code == 200
    assert superuser.get(address(model, "add")).status_code in (200, 403)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_a_list_costs_the_same_with_one_row_and_with_three(superuser: Client, model: type[Model]) -> None:
    make = ROWS[model._meta.label]
    make()
    superuser.get(address(model, "changelist"))
    one = queries(lambda: superuser.get(address(model, "changelist")))
    make(), make()
    three = queries(lambda: superuser.get(address(model, "changelist")))
    assert (one, three) == (QUERIES[model._meta.label], QUERIES[model._meta.label])


@pytest.mark.parametrize("role", ["viewer", "planner", "approver", ""])
def test_no_page_breaks_for_those_who_may_do_less(client: Client, role: str) -> None:
    user = make_user(is_staff=True)
    if role:
        Membership.objects.create(team=make_team(), user=user, role=role)
    client.force_login(user)
    for model in MODELS:
        row = ROWS[model._meta.label]()
        for page in (address(model, "changelist"), address(model, "change", row.pk), address(model, "add")):
            assert client.get(page, follow=True).status_code in (200, 403), page


def test_whoever_is_not_staff_is_sent_to_sign_in(client: Client) -> None:
    client.force_login(make_user())
    for model in MODELS:
        assert client.get(address(model, "changelist")).status_code == 302


def test_the_first_page_costs_the_same_however_much_there_is(superuser: Client) -> None:
    superuser.get("/admin/")
    before = queries(lambda: superuser.get("/admin/"))
    for make in ROWS.values():
        make()
    assert queries(lambda: superuser.get("/admin/")) == before


def queries(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)
