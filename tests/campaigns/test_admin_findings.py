"""Findings in the admin: the open ones first, settled with a reason, never written by hand."""

import pytest
from django.test import Client

from campaigns.models import Finding
from tests.builders import NOW, make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/finding/"


@pytest.fixture
def planner(client: Client) -> Client:
    client.force_login(make_user("pat", is_staff=True, team=make_team(), role="planner"))
    return client


def make_finding(state: str = "open") -> Finding:
    first, second = make_campaign(name=f"First {state}"), make_campaign(name=f"Second {state}")
    return Finding.objects.create(
        key=f"{first.pk}-{second.pk}", kind="crowding", severity="high", state=state, first=first, second=second,
        shared=1200, percent_of_first=50, percent_of_second=25, axes=["channel:email"], inputs="x", found_at=NOW,
        checked_at=NOW,
    )  # fmt: skip


def test_the_list_begins_with_what_is_to_be_settled(planner: Client) -> None:
    make_finding(), make_finding("resolved")
    page = planner.get(LIST).content.decode()
    assert "First open × Second open" in page
    assert "First resolved" not in page
    assert ("1,200" in page, "50% and 25%" in page, "channel: email" in page) == (True, True, True)
    assert "First resolved" in planner.get(LIST, {"state": "all"}).content.decode()


def test_a_finding_is_left_with_a_reason(planner: Client) -> None:
    finding = make_finding()
    planner.post(f"{LIST}{finding.pk}/acknowledge/", {"reason": "Both are wanted"})
    finding.refresh_from_db()
    assert (finding.state, finding.acknowledged_reason) == ("acknowledged", "Both are wanted")
    assert str(finding.acknowledged_by) == "pat"


def test_without_a_reason_it_stays_open(planner: Client) -> None:
    finding = make_finding()
    assert "This field is required" in planner.post(f"{LIST}{finding.pk}/acknowledge/").content.decode()
    planner.get(f"{LIST}{finding.pk}/acknowledge/")
    finding.refresh_from_db()
    assert finding.state == "open"


def test_nobody_writes_a_finding_by_hand(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    finding = make_finding()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{finding.pk}/change/", {"shared": "0"}).status_code == 403
    assert client.post(f"{LIST}{finding.pk}/delete/", {"post": "yes"}).status_code == 403
