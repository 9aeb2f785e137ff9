"""The ledger in the admin: to look at, filtered by what an index answers; and the rules, told in words."""

import pytest
from django.test import Client
from django.urls import reverse

from deliveries.models import Cap, Delivery
from tests.builders import make_user
from tests.calendar_project.admin_rows import delivery

pytestmark = pytest.mark.django_db
LIST = "/admin/deliveries/delivery/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def rows(client: Client, **query: str) -> int:
    return len(client.get(LIST, query).context["cl"].result_list)


def test_deliveries_are_found_by_state_channel_send_and_customer(admin: Client) -> None:
    first, second = delivery(), delivery()
    Delivery.objects.filter(pk=second.pk).update(state="sent", channel="in_app")
    assert (rows(admin), rows(admin, state__exact="sent"), rows(admin, channel="email")) == (2, 1, 1)
    assert (rows(admin, send_id=str(first.send_id)), rows(admin, send_id="none")) == (1, 0)
    assert (rows(admin, q=first.customer.external_id), rows(admin, q="c")) == (1, 0)


def test_a_superuser_cannot_write_the_ledger_either(admin: Client) -> None:
    row = delivery()
    change = reverse("admin:deliveries_delivery_change", args=[row.pk])
    delete = reverse("admin:deliveries_delivery_delete", args=[row.pk])
    assert admin.post(change, {"state": "sent"}).status_code == 403
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    assert admin.get(f"{LIST}add/").status_code == 403


def test_a_cap_of_nothing_says_that_nobody_gets_anything(admin: Client) -> None:
    posted = {"name": "Stop", "limit": "0", "days": "7", "kind": "rolling", "scope": "all", "is_active": "on"}
    page = admin.post("/admin/deliveries/cap/add/", posted, follow=True).content.decode()
    assert "which means that nobody gets anything it counts" in page
    assert Cap.objects.get().limit == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"scope": "topic"}, "Choose the topic that this cap is for."),
        ({"kind": "calendar", "days": "3"}, "A calendar cap counts whole days (1) or whole weeks (7)."),
        ({"limit": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_cap_that_cannot_be_is_told(admin: Client, fields: dict[str, str], says: str) -> None:
    posted = {"name": "Cap", "limit": "2", "days": "7", "kind": "rolling", "scope": "all", **fields}
    assert says in admin.post("/admin/deliveries/cap/add/", posted).content.decode()
    assert not Cap.objects.exists()


def test_quiet_hours_that_begin_when_they_end_are_refused(admin: Client) -> None:
    posted = {"channel": "email", "start": "22:00", "end": "22:00"}
    page = admin.post("/admin/deliveries/quiethours/add/", posted).content.decode()
    assert "Start and end are the same" in page
