"""The minutes by mail: once to everybody, as simple tables and as text, whatever happens on the way."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from calendar_project.review_page import mail
from calendar_project.review_page.letters import minutes_letter
from campaigns.models import MinutesMail, Review
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_team, make_user
from tests.campaigns.meetings import clashing, decided, item_about, opened
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def mail_goes_to(smtp_server: MailServer, settings: Any) -> MailServer:
    settings.EMAIL_URL = smtp_server.url
    return smtp_server


@pytest.fixture
def closed() -> Review:
    ana = make_user("ana", team=make_team(), email="ana@example.com", first_name="Ana", last_name="Winter")
    make_user("ben", team=make_team("success"), role="viewer", email="ben@example.com")
    clashing(name="Terms & <b>more</b>")
    review = opened()
    decided(item_about(review), "keep", ana, reason="Two days apart.")
    close_review(review.pk, ana, NOW, "Bring the numbers.")
    return review


def send_minutes(now: datetime) -> int:
    return mail.send_mails(lambda: now)


def parts(message: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def test_everybody_in_the_teams_gets_the_minutes_once(closed: Review, smtp_server: MailServer) -> None:
    assert [send_minutes(LATER), send_minutes(LATER)] == [2, 0]
    assert sorted(message["To"] for message in smtp_server.messages) == ["ana@example.com", "ben@example.com"]
    assert smtp_server.messages[0]["Subject"] == "Minutes: Review of week 48, 2026"
    close_review(closed.pk, None, LATER)
    assert send_minutes(LATER) == 0


def test_the_mail_is_simple_tables_without_script_and_a_text_that_says_the_same(
    closed: Review, smtp_server: MailServer
) -> None:
    send_minutes(LATER)
    found = parts(smtp_server.messages[0])
    for words in ("Two days apart.", "Bring the numbers.", "Ana Winter", "/review/2026-W48/minutes/"):
        assert words in found["text/html"]
        assert words in found["text/plain"]
    assert "<table" in found["text/html"]
    for unwanted in ("<script", "<style", "style=", "<img", "<b>more</b>"):
        assert unwanted not in found["text/html"]
    assert "Terms & <b>more</b>" in found["text/plain"]


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_mail_of_a_worker_that_was_killed_before_it_left_goes_when_its_lease_is_over_and_the_others_at_once(
    closed: Review, smtp_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "begin_mail", killed)
    with pytest.raises(KeyboardInterrupt):
        send_minutes(LATER)
    monkeypatch.undo()
    assert [send_minutes(LATER + timedelta(minutes=minutes)) for minutes in (1, 15)] == [1, 1]
    assert len({message["To"] for message in smtp_server.messages}) == len(smtp_server.messages) == 2


def test_a_mail_of_a_worker_that_was_killed_after_it_left_is_not_sent_twice(
    closed: Review, smtp_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "mail_sent", killed)
    with pytest.raises(KeyboardInterrupt):
        send_minutes(LATER)
    monkeypatch.undo()
    assert [send_minutes(LATER + timedelta(minutes=minutes)) for minutes in (1, 15)] == [1, 0]
    assert len({message["To"] for message in smtp_server.messages}) == len(smtp_server.messages) == 2


def test_a_mail_that_takes_long_takes_nothing_of_the_time_of_those_after_it(
    closed: Review, smtp_server: MailServer
) -> None:
    """The clock goes on by eleven minutes each time it is asked: longer than a lease."""
    clock = iter(LATER + timedelta(minutes=11 * number) for number in range(100))
    assert mail.send_mails(lambda: next(clock)) == 2
    assert len({message["To"] for message in smtp_server.messages}) == len(smtp_server.messages) == 2


def test_one_whose_mail_cannot_be_written_holds_up_nobody(
    closed: Review, smtp_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(mail: MinutesMail) -> Any:
        if mail.to.username == "ana":
            raise ValueError("no such template")
        return minutes_letter(mail)

    monkeypatch.setattr(mail, "minutes_letter", broken)
    assert send_minutes(LATER) == 1
    monkeypatch.undo()
    assert send_minutes(LATER + timedelta(minutes=15)) == 1


def test_one_who_is_refused_for_good_is_not_tried_again(closed: Review, smtp_server: MailServer) -> None:
    smtp_server.refuse["ana@example.com"] = "550 no such mailbox"
    assert send_minutes(LATER) == 1
    smtp_server.refuse.clear()
    assert send_minutes(LATER + timedelta(minutes=15)) == 0


def test_one_who_is_refused_holds_up_nobody_and_is_tried_again(closed: Review, smtp_server: MailServer) -> None:
    smtp_server.refuse["ana@example.com"] = "451 later"
    assert send_minutes(LATER) == 1
    smtp_server.clear()
    assert send_minutes(LATER + timedelta(minutes=15)) == 1
