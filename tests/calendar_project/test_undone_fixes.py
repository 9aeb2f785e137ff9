"""After a fix there is an Undo: it puts back what the fix changed, unless something has changed since."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from audiences.clock import read_now
from campaigns.models import Campaign
from campaigns.services import lifecycle
from campaigns.services.sends import move
from campaigns.services.versions import record_version
from tests.calendar_project.test_finding_fixes import fixes, pair, press, sign_in, state

pytestmark = pytest.mark.django_db
__all__ = ["pair"]


def undo_of(response: Any) -> tuple[str, dict[str, str]]:
    """The address and the values of the form in the notice."""
    (form,) = re.findall(r'<form class="move__form move__undo".*?</form>', response.content.decode(), re.DOTALL)
    (address,) = re.findall(r'action="([^"]*)"', form)
    values = re.findall(r'name="(\w+)"\s+value="([^"]*)"', form)
    return address, {name: html.unescape(value) for name, value in values}


def applied(client: Client, campaign: Campaign, name: str) -> tuple[str, dict[str, str]]:
    return undo_of(press(client, campaign, name, **fixes(client, campaign)[name]))


def test_a_send_that_was_moved_out_of_the_way_is_moved_back(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    before = ours.sends.get().due_at
    address, values = applied(client, ours, "move")
    response = client.post(address, values, follow=True)
    assert response.redirect_chain[-1][0].startswith(f"/calendar/campaigns/{ours.pk}/")
    assert "is back on" in response.content.decode()
    assert (ours.sends.get().due_at, ours.sends.get().moved_by_hand) == (before, False)


def test_a_send_that_was_moved_on_since_is_not_moved_back(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    address, values = applied(client, ours, "move")
    send = ours.sends.get()
    later = send.due_at.replace(tzinfo=None, hour=15)
    move(send.pk, later, None, read_now())
    assert client.post(address, values).status_code == 409
    assert ours.sends.get().due_at.replace(tzinfo=None) == later


def test_whom_it_left_out_is_let_in_again_and_the_finding_is_open(
    client: Client, pair: tuple[Campaign, Campaign]
) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    address, values = applied(client, ours, "exclude")
    assert state() == "resolved"
    for _ in range(2):
        assert "let in again" in client.post(address, values, follow=True).content.decode()
        assert (ours.exclude.count(), state()) == (0, "open")
    assert ours.versions.count() == 3


def test_what_was_edited_since_is_left_as_it_is(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    address, values = applied(client, ours, "exclude")
    Campaign.objects.filter(pk=ours.pk).update(name="Another")
    record_version(ours.pk, None, read_now())
    response = client.post(address, values)
    assert response.status_code == 409
    assert "edited since" in response.content.decode()
    assert ours.exclude.count() == 1


def test_nobody_says_for_themselves_what_is_taken_back(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, theirs = pair
    sign_in(client, "lifecycle", "success")
    address, values = applied(client, ours, "exclude")
    elsewhere = address.replace(f"campaigns/{ours.pk}/", f"campaigns/{theirs.pk}/")
    for where, undo in ((address, "x"), (address, values["undo"] + "x"), (elsewhere, values["undo"])):
        assert client.post(where, {"undo": undo}).status_code == 409
    assert ours.exclude.count() == 1


def test_who_plans_elsewhere_takes_nothing_back(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    address, values = applied(client, ours, "exclude")
    sign_in(client, "success")
    response = client.post(address, values)
    assert response.status_code == 403
    assert ours.exclude.count() == 1


def test_who_may_not_let_them_in_is_not_told_that_they_are(client: Client, pair: tuple[Campaign, Campaign]) -> None:
    ours, _ = pair
    sign_in(client, "lifecycle")
    address, values = applied(client, ours, "exclude")
    client.post(address, values)
    sign_in(client, "lifecycle", role="viewer")
    response = client.post(address, values)
    assert response.status_code == 403
    assert "Only planners and approvers of Lifecycle" in response.content.decode()


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_fix_and_its_undo_ask_for_approval_again_where_there_was_one(
    client: Client, pair: tuple[Campaign, Campaign], is_approved: bool
) -> None:
    ours, _ = pair
    if is_approved:
        lifecycle.approve(ours.pk, lifecycle.ask_for_approval(ours.pk, None, read_now()).number, None, read_now())
    sign_in(client, "lifecycle")
    done = press(client, ours, "exclude", **fixes(client, ours)["exclude"])
    undone = client.post(*undo_of(done), follow=True)
    for each in (done, undone):
        assert ("has to be approved again" in each.content.decode()) == is_approved
