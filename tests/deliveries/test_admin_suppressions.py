"""Suppressions by hand: by customer or by address, once, and found again."""

import pytest
from django.test import Client

from audiences.models import Suppression
from tests.builders import make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
ADD = "/admin/audiences/suppression/add/"
LIST = "/admin/audiences/suppression/"


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(make_user("pat", is_staff=True, team=make_team(), role="planner"))
    return client


def test_a_customer_is_suppressed_by_external_id(planner: Client) -> None:
    customer = make_customer(external_id="ann")
    page = planner.post(ADD, {"external_id": "ann", "channel": "", "note": "asked on the phone"}, follow=True)
    assert "nothing more leaves for them" in page.content.decode()
    row = Suppression.objects.get()
    assert (row.customer_id, row.channel, row.reason, row.note) == (
        customer.pk,
        "",
        "manual",
        "asked on the phone (by pat)",
    )


def test_an_address_is_kept_as_a_hash_and_found_by_itself(planner: Client) -> None:
    planner.post(ADD, {"address": "Ann@Example.com", "channel": "email"})
    row = Suppression.objects.get()
    assert (row.customer_id, row.channel, len(row.address_hash)) == (None, "email", 64)
    assert "an address, kept as a hash" in planner.get(LIST, {"q": "ann@example.com"}).content.decode()
    assert "an address, kept as a hash" not in planner.get(LIST, {"q": "bob@example.com"}).content.decode()


def test_the_same_twice_is_one_suppression(planner: Client) -> None:
    planner.post(ADD, {"address": "ann@example.com"})
    page = planner.post(ADD, {"address": "ann@example.com"}, follow=True).content.decode()
    assert "suppressed already" in page
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("posted", "says"),
    [
        ({}, "one of the two"),
        ({"external_id": "nobody"}, "There is no customer “nobody”"),
        ({"address": "not an address"}, "Enter a valid email address"),
        ({"address": "a@example.com", "channel": "pigeon"}, "pigeon is not one of the available choices"),
    ],
)
def test_what_cannot_be_suppressed_is_told_beside_the_field(planner: Client, posted: dict[str, str], says: str) -> None:
    assert says in planner.post(ADD, posted).content.decode()
    assert not Suppression.objects.exists()


def test_a_suppression_is_lifted_by_deleting_it(planner: Client) -> None:
    row = Suppression.objects.create(customer=make_customer(), reason="manual")
    planner.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not Suppression.objects.exists()


def test_a_viewer_sees_suppressions_and_adds_none(client: Client) -> None:
    client.force_login(make_user(is_staff=True, team=make_team(), role="viewer"))
    assert client.get(LIST).status_code == 200
    assert client.post(ADD, {"address": "a@example.com"}).status_code == 403
