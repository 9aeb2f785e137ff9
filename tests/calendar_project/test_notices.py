from datetime import timedelta
from typing import Any

import pytest

from calendar_project.notices import tell_owners
from campaigns.models import Campaign
from tests.builders import NOW, make_campaign, make_send, make_user
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(hours=20)


@pytest.fixture(autouse=True)
def mail_goes_to(smtp_server: MailServer, settings: Any) -> MailServer:
    settings.EMAIL_URL = smtp_server.url
    return smtp_server


def test_an_owner_is_told_once_of_everything_unapproved_within_a_day(smtp_server: MailServer) -> None:
    owner = make_user("ana", email="ana@example.com")
    make_send(make_campaign(name="Spring", owner=owner), SOON)
    make_send(make_campaign(name="Summer", owner=owner, status=Campaign.Status.IN_REVIEW), SOON)
    assert [tell_owners(NOW), tell_owners(NOW)] == [1, 0]
    (mail,) = smtp_server.messages
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == "2 sends are not approved and due within a day"
    assert "Tue 24 Nov, 05:00 Spring (Draft)" in mail.get_content()
    assert "Summer (In review)" in mail.get_content()


@pytest.mark.parametrize("status", ["approved", "running", "paused", "cancelled"])
def test_nobody_is_told_of_what_needs_no_approval(status: str, smtp_server: MailServer) -> None:
    make_send(make_campaign(owner=make_user("ana", email="ana@example.com"), status=status), SOON)
    assert tell_owners(NOW) == 0
    assert smtp_server.messages == []


def test_what_goes_out_later_or_every_day_is_not_told(smtp_server: MailServer) -> None:
    owner = make_user("ana", email="ana@example.com")
    make_send(make_campaign(owner=owner), NOW + timedelta(hours=25))
    make_send(make_campaign(owner=owner, trigger="event", event="ordered"), SOON)
    assert tell_owners(NOW) == 0
    assert smtp_server.messages == []


def test_a_mail_that_was_not_taken_is_tried_again(smtp_server: MailServer) -> None:
    smtp_server.refuse["ana@example.com"] = "451 later"
    make_send(make_campaign(owner=make_user("ana", email="ana@example.com")), SOON)
    assert tell_owners(NOW) == 0
    smtp_server.clear()
    assert tell_owners(NOW) == 1


def test_a_campaign_without_an_owner_or_an_address_stops_nobody_else(smtp_server: MailServer) -> None:
    make_send(make_campaign(owner=None), SOON)
    make_send(make_campaign(owner=make_user("nobody")), SOON)
    make_send(make_campaign(owner=make_user("ana", email="ana@example.com")), SOON)
    assert tell_owners(NOW) == 1
