"""Holds on the customer's page and over the API: put, given another end, lifted; told to whoever looks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audiences.clock import read_now
from audiences.models import Customer, Hold, Workspace
from audiences.services.api_keys import create_api_key
from deliveries.services.holds import put_on_hold
from tests.builders import make_campaign, make_customer, make_delivery, make_running_send, make_team, make_user

pytestmark = pytest.mark.django_db
FRIDAY = date(2099, 11, 27)


@pytest.fixture
def planner(client: Client) -> Client:
    Workspace(timezone="Europe/Berlin").save()
    client.force_login(make_user("dora", first_name="Dora", team=make_team("success"), role="planner"))
    return client


def page(client: Client, customer: Customer) -> str:
    return client.get(reverse("calendar:customer", args=[customer.pk])).content.decode()


def put(client: Client, customer: Customer, **fields: str) -> Any:
    return client.post(reverse("calendar:hold-customer", args=[customer.pk]), fields, follow=True)


def change(client: Client, hold: Hold, **fields: str) -> str:
    address = reverse("calendar:change-hold", args=[hold.customer_id, hold.pk])
    return str(client.post(address, fields, follow=True).content.decode())


def test_a_hold_until_a_day_lasts_to_its_end_in_the_workspaces_zone(planner: Client) -> None:
    customer = make_customer()
    make_delivery(make_running_send(make_campaign()), customer)
    shown = put(planner, customer, reason="in escalation", day=f"{FRIDAY}").content.decode()
    assert "is on hold until the end of Friday 27 November 2099." in shown
    assert "in escalation" in shown
    assert "Dora, since" in shown
    hold = Hold.objects.get()
    assert hold.until == datetime(2099, 11, 27, 23, tzinfo=UTC)
    assert customer.deliveries.get().state == "withheld"
    assert "transactional messages" in shown


def test_a_hold_may_end_at_a_moment_or_when_somebody_lifts_it(planner: Client) -> None:
    one, other = make_customer(), make_customer()
    put(planner, one, reason="in escalation", day=f"{FRIDAY}", time="14:30")
    assert "until somebody lifts it" in put(planner, other, reason="in dispute").content.decode()
    assert [hold.until for hold in Hold.objects.order_by("pk")] == [datetime(2099, 11, 27, 13, 30, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"day": f"{FRIDAY}"}, "Say why"),
        ({"reason": "because", "time": "14:30"}, "Say the day too"),
        ({"reason": "because", "day": "2001-01-01"}, "That has passed already"),
        ({"reason": "because", "day": "9999-12-31"}, "too far away"),
        ({"reason": "because", "day": "Friday"}, "valid date"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(planner: Client, fields: dict[str, str], told: str) -> None:
    response = put(planner, make_customer(), **fields)
    shown = response.content.decode()
    assert (response.status_code, told in shown) == (400, True)
    assert all(value in shown for value in fields.values())
    assert not Hold.objects.exists()


def test_two_clicks_are_one_hold(planner: Client) -> None:
    customer = make_customer()
    for _ in range(2):
        put(planner, customer, reason="in escalation")
    assert Hold.objects.count() == 1


def test_another_planner_prolongs_it_and_lifts_it(planner: Client) -> None:
    hold = put_on_hold(make_customer().pk, "in escalation", read_now() + timedelta(hours=1), None, read_now())
    assert "until the end of Friday 27 November 2099" in change(planner, hold, day=f"{FRIDAY}")
    assert "What they missed is not sent later" in change(planner, hold, lift="1")
    assert "ended already" in change(planner, hold, lift="1")
    hold.refresh_from_db()
    assert hold.lifted_by is not None
    assert "None: campaigns reach them." in page(planner, hold.customer)


def test_a_viewer_sees_a_hold_and_changes_nothing(client: Client) -> None:
    client.force_login(make_user(team=make_team(), role="viewer"))
    hold = put_on_hold(make_customer().pk, "in escalation", None, None, read_now())
    shown = page(client, hold.customer)
    assert "On hold until somebody lifts it" in shown
    assert not any(word in shown for word in ("Lift it", "Put on hold", "Change the end"))
    assert "Only planners and approvers" in change(client, hold, lift="1")
    assert put(client, hold.customer, reason="because").status_code == 400
    assert Hold.objects.get().lifted_at is None


def test_somebody_elses_hold_is_not_changed_by_this_customers_address(planner: Client) -> None:
    hold = put_on_hold(make_customer().pk, "in escalation", None, None, read_now())
    assert planner.post(reverse("calendar:change-hold", args=[make_customer().pk, hold.pk]), {}).status_code == 404


def ask(path: str, key: str, **body: Any) -> Any:
    return Client(headers={"authorization": f"Token {key}"}).post(f"/api/v1/{path}", body, "application/json")


def test_a_product_puts_changes_and_lifts_its_own_hold() -> None:
    Workspace(timezone="Europe/Berlin").save()
    customer, key = make_customer(external_id="42"), create_api_key("desk")
    put_on_hold(customer.pk, "by somebody else", None, make_user(is_superuser=True), read_now())
    for until in (None, f"{FRIDAY}", f"{FRIDAY}T14:00:00+01:00"):
        answer = ask("holds/", key, external_id="42", reason="in escalation", until=until)
        assert answer.status_code == 200
    assert (answer.json()["reason"], answer.json()["until"]) == ("in escalation", "2099-11-27T13:00:00Z")
    assert Hold.objects.count() == 2
    assert [ask("holds/lift/", key, external_id="42").json() for _ in range(2)] == [{"lifted": True}, {"lifted": False}]
    assert Hold.objects.filter(lifted_at=None).count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"external_id": "nobody", "reason": "because"}, 404),
        ({"external_id": "42"}, 400),
        ({"external_id": "42", "reason": ""}, 400),
        ({"external_id": "42", "reason": "because", "until": "2001-01-01"}, 400),
        ({"external_id": "42", "reason": "because", "until": "Friday"}, 400),
        ({"external_id": "42", "reason": "because", "until": 5}, 400),
    ],
)
def test_the_api_says_what_it_cannot_take(body: dict[str, Any], status: int) -> None:
    make_customer(external_id="42")
    assert ask("holds/", create_api_key("desk"), **body).status_code == status
    assert not Hold.objects.exists()


def test_times_of_the_form_are_of_the_workspace(planner: Client) -> None:
    assert "Times in Europe/Berlin" in page(planner, make_customer())
