from datetime import timedelta
from typing import Any

import pytest

from calendar_project.notices import tell_owners
from campaigns.models import Campaign
from campaigns.services.lifecycle import pause, pause_itself
from tests.builders import NOW, make_campaign, make_running_send, make_send, make_user
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


def paused_itself(**fields: Any) -> Campaign:
    campaign = make_campaign(**fields)
    make_running_send(campaign)
    assert pause_itself(campaign.pk, "61 of the last 1,000 messages could not be rendered.", NOW)
    return campaign


def test_an_owner_is_told_once_that_a_campaign_paused_itself_and_what_to_do(smtp_server: MailServer) -> None:
    campaign = paused_itself(name="Spring\r\nBcc: all", owner=make_user("ana", email="ana@example.com"))
    assert [tell_owners(NOW), tell_owners(NOW)] == [1, 0]
    (mail,) = smtp_server.messages
    assert (mail["To"], mail["Subject"], mail["Bcc"]) == ("ana@example.com", "Spring Bcc: all paused itself", None)
    text = mail.get_content()
    assert "at 09:00 on Mon 23 Nov: 61 of the last 1,000 messages could not be rendered." in text
    assert "Either fill in what these customers lack and resume" in text
    assert f"/calendar/campaigns/{campaign.pk}/" in text


def test_a_pause_of_which_nobody_could_be_told_in_a_day_is_not_told_later(smtp_server: MailServer) -> None:
    smtp_server.refuse["ana@example.com"] = "451 later"
    paused_itself(owner=make_user("ana", email="ana@example.com"))
    paused_itself(owner=None)
    paused_itself(owner=make_user("ben"))
    assert tell_owners(NOW) == 0
    smtp_server.clear()
    assert [tell_owners(NOW + timedelta(hours=25)), tell_owners(NOW + timedelta(hours=23))] == [0, 1]


def test_nobody_is_told_of_a_pause_that_somebody_made(smtp_server: MailServer) -> None:
    campaign = make_campaign(owner=make_user("ana", email="ana@example.com"))
    make_running_send(campaign)
    pause(campaign.pk, None, NOW)
    assert tell_owners(NOW) == 0


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
