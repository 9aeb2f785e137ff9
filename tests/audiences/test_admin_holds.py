from datetime import timedelta

import pytest
from django.test import Client

from audiences.clock import read_now
from audiences.models import Hold
from tests.builders import make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "found"),
    [("", "now open over lifted"), ("holding", "now open"), ("open", "open"), ("over", "over lifted")],
)
def test_who_is_on_hold_is_found_by_whether_it_holds(client: Client, asked: str, found: str) -> None:
    now, hour = read_now(), timedelta(hours=1)
    holds = {"now": {"until": now + hour}, "open": {}, "over": {"until": now - hour}, "lifted": {"lifted_at": now}}
    for name, fields in holds.items():
        Hold.objects.create(customer=make_customer(), reason=f"it is {name}.", since=now - 2 * hour, **fields)
    client.force_login(make_user(is_staff=True))
    page = client.get("/admin/audiences/hold/", {"state": asked} if asked else {}).content.decode()
    assert [name for name in holds if f"it is {name}." in page] == found.split()
