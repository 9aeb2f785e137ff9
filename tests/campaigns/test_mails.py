"""Mails to people of the workspace: claimed one by one, begun once, free again when they have surely not left."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from campaigns.models import HandoffMail, MinutesMail
from campaigns.services.handoffs import decline, offer
from campaigns.services.mails import (
    begin_mail,
    claim_mail,
    mail_refused,
    mail_sent,
    mail_stayed,
    waiting_handoffs,
    waiting_minutes,
)
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_team, make_user
from tests.campaigns.meetings import opened

pytestmark = pytest.mark.django_db
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(minutes=11)


def closed(*names: str) -> None:
    for name in names:
        make_user(name, team=make_team(), email=f"{name}@example.com")
    close_review(opened().pk, None, NOW)


def claimed(now: datetime) -> MinutesMail | None:
    return claim_mail(waiting_minutes(now), now)


def test_each_mail_is_claimed_on_its_own_and_by_one() -> None:
    closed("ana", "ben")
    first, second = claimed(NOW), claimed(NOW)
    assert first
    assert second
    assert first.to.email != second.to.email
    assert claimed(SOON) is None


def test_whoever_was_killed_before_it_left_gives_it_back_with_the_end_of_the_lease() -> None:
    closed("ana")
    before = claimed(NOW)
    again = claimed(LATER)
    assert before == again
    assert before
    assert again
    # The first one was not killed after all, but slow: it must not leave from there as well.
    assert not begin_mail(before, LATER)
    assert begin_mail(again, LATER)


def test_what_may_have_left_is_not_sent_a_second_time() -> None:
    closed("ana")
    mail = claimed(NOW)
    assert mail
    assert begin_mail(mail, NOW)
    assert not begin_mail(mail, NOW)
    assert claimed(LATER) is None


def test_what_has_surely_not_left_is_tried_again_and_what_is_sent_or_refused_for_good_is_not() -> None:
    closed("ana")
    mail = claimed(NOW)
    assert mail
    begin_mail(mail, NOW)
    mail_stayed(mail)
    assert claimed(SOON) is None
    mail = claimed(LATER)
    assert mail
    mail_refused(mail, LATER)
    assert claimed(LATER + timedelta(hours=1)) is None
    MinutesMail.objects.update(begun_at=None)
    mail_sent(mail, LATER)
    assert claimed(LATER + timedelta(hours=1)) is None


def test_what_is_days_old_goes_nowhere_nor_to_somebody_who_left() -> None:
    closed("ana", "ben")
    User.objects.filter(username="ana").update(is_active=False)
    mail = claimed(NOW)
    assert mail
    assert mail.to.username == "ben"
    assert claimed(NOW + timedelta(days=3)) is None


def test_an_offer_is_told_while_it_is_open_and_to_others_than_oneself() -> None:
    team = make_team()
    ana, eli = (make_user(name, team=team, email=f"{name}@example.com") for name in ("ana", "eli"))
    mute = make_user("mute", team=team)
    for to, by in ((mute, ana), (ana, ana)):
        offer(make_campaign(owner=None).pk, to.pk, by, NOW)
    assert not HandoffMail.objects.exists()
    handoff = offer(make_campaign(owner=ana).pk, eli.pk, ana, NOW)
    offer(handoff.campaign_id, eli.pk, ana, NOW)
    assert [mail.handoff for mail in waiting_handoffs(NOW)] == [handoff]
    assert not waiting_handoffs(NOW + timedelta(days=3)).exists()
    decline(handoff.pk, eli, NOW)
    assert not waiting_handoffs(NOW).exists()
