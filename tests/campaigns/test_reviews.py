"""Reviews: an agenda that is frozen when it is opened, what carries over, and one set of minutes."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import AgendaItem, Campaign, Finding, MinutesMail, Review
from campaigns.queries.agenda import agenda
from campaigns.refusals import NotAllowed, StaleChange
from campaigns.services import lifecycle
from campaigns.services.handoffs import offer
from campaigns.services.overlaps import check_overlaps
from campaigns.services.reviews import close_review
from tests.builders import NOW, make_campaign, make_customers, make_item, make_review, make_send, make_team, make_user
from tests.campaigns.meetings import NEXT, WEEK, clashing, decided, item_about, opened, planned

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
NEXT_WEEK = NOW + timedelta(days=7)


def keys(review: Review) -> list[str]:
    return list(review.items.values_list("key", flat=True))


def test_the_agenda_holds_what_there_is_to_settle_and_to_look_at() -> None:
    finding = clashing()
    first, second = finding.first_id, finding.second_id
    ending = make_campaign(owner=make_user(), experiment_ends=date(2026, 11, 27), name="Trial")
    sends = [Campaign.objects.get(pk=pk).sends.get().pk for pk in (first, second)]
    review = opened()
    assert keys(review) == [
        f"finding:{finding.pk}",
        f"experiment:{ending.pk}",
        f"lacking:{first}",
        f"lacking:{second}",
        *(f"send:{pk}" for pk in sends),
        f"changed:{second}",
        f"changed:{first}",
    ]
    assert item_about(review, "lacking").facts == {"lacks": ["owner"]}


def test_findings_come_worst_first_and_only_the_open_ones() -> None:
    people = make_customers(9)
    for number in range(3):
        planned(people[number * 2 : number * 2 + 3], name=str(number))
    check_overlaps(NOW)
    shared = [item.facts["shared"] for item in opened().items.filter(about="finding")]
    assert shared == sorted(shared, reverse=True)
    Finding.objects.update(state="acknowledged")
    assert not [item for item in agenda(WEEK, NOW, {}) if item.about == "finding"]


def test_only_the_week_that_is_settled_goes_out_in_it_and_a_continuous_campaign_is_one_item() -> None:
    campaign = make_campaign(owner=make_user())
    for day in (-1, 0, 6, 7):
        make_send(campaign, NOW + timedelta(days=day))
    daily = make_campaign(owner=make_user(), trigger="event", event="ordered")
    for day in range(7):
        make_send(daily, NOW + timedelta(days=day), expected_volume=10)
    local = make_campaign(owner=make_user(), zone="customer")
    make_send(local, WEEK.start - timedelta(hours=12), local_due="2026-11-23T08:00")
    going = [item for item in agenda(WEEK, NOW, {}) if item.about == "send"]
    assert [item.campaign for item in going] == [local, campaign, campaign, daily]
    assert going[-1].facts["people"] == 70


def test_transactional_campaigns_need_no_goal_and_templates_and_what_is_over_need_nothing() -> None:
    make_campaign(owner=make_user(), goal_event="", transactional=True)
    make_campaign(is_template=True)
    make_campaign(status="cancelled")
    make_campaign(status="done")
    assert [item for item in agenda(WEEK, NOW, {}) if item.about == "lacking"] == []


def test_what_was_kept_without_a_goal_is_not_asked_again_until_it_is_edited() -> None:
    campaign = make_campaign(owner=make_user(), goal_event="", updated_at=NOW - timedelta(days=1))
    item = item_about(opened(), "lacking")
    decided(item, "keep")
    assert [each for each in agenda(WEEK, NOW, {}) if each.about == "lacking"] == []
    Campaign.objects.filter(pk=campaign.pk).update(updated_at=LATER)
    assert [each.campaign for each in agenda(WEEK, NOW, {}) if each.about == "lacking"] == [campaign]


def test_the_agenda_is_frozen_and_opening_twice_is_one_review() -> None:
    review = opened()
    planned(make_customers(2))
    assert opened() == review
    assert keys(review) == []
    assert Review.objects.count() == 1


def test_a_review_is_opened_and_closed_by_an_approver_of_any_team() -> None:
    planner, approver = (make_user(team=make_team(), role=role) for role in ("planner", "approver"))
    with pytest.raises(NotAllowed, match="opened by an approver"):
        opened(by=planner)
    review = opened(by=approver)
    with pytest.raises(NotAllowed, match="closed by an approver"):
        close_review(review.pk, planner, LATER)
    assert close_review(review.pk, make_user(is_superuser=True), LATER)


def test_a_week_that_is_over_and_a_second_week_while_one_is_open_are_refused() -> None:
    with pytest.raises(NotAllowed, match="past, or too far ahead"):
        opened(now=NEXT_WEEK)
    with pytest.raises(NotAllowed, match="past, or too far ahead"):
        opened(now=NOW - timedelta(days=120))
    opened()
    with pytest.raises(StaleChange, match="week 48 is still open"):
        opened(NEXT)


def test_the_database_keeps_one_review_a_week_and_one_open() -> None:
    make_review("2026-W48")
    for week in ("2026-W48", "2026-W49"):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_review(week)


def test_what_is_undecided_carries_over_once_and_comes_first() -> None:
    finding = clashing(owner=make_user())
    campaign = make_campaign(owner=make_user(), experiment_ends=date(2026, 11, 27))
    review = opened()
    close_review(review.pk, None, LATER)
    assert set(review.items.filter(carries_over=True).values_list("about", flat=True)) == {"finding", "experiment"}
    new = make_campaign(owner=None)
    following = opened(NEXT, NEXT_WEEK)
    listed = [(item.key, item.carried) for item in following.items.filter(about__in=AgendaItem.TO_DECIDE)]
    assert listed == [(f"finding:{finding.pk}", 1), (f"experiment:{campaign.pk}", 1), (f"lacking:{new.pk}", 0)]
    close_review(following.pk, None, NEXT_WEEK)
    assert following.items.get(key=f"experiment:{campaign.pk}").carries_over


def test_what_was_decided_or_has_settled_itself_does_not_carry_over() -> None:
    finding = clashing(owner=make_user())
    review = opened()
    decided(item_about(review), "keep")
    close_review(review.pk, None, LATER)
    assert not review.items.filter(carries_over=True).exists()
    Finding.objects.update(state="open")
    following = opened(NEXT, NEXT_WEEK)
    Finding.objects.filter(pk=finding.pk).update(state="resolved")
    close_review(following.pk, None, NEXT_WEEK)
    assert not following.items.filter(carries_over=True).exists()


def test_what_settled_itself_between_two_reviews_is_not_on_the_second() -> None:
    review = make_review()
    campaign = make_campaign(owner=make_user())
    make_item(review, campaign)
    close_review(review.pk, None, LATER)
    lifecycle.cancel(campaign.pk, None, LATER)
    assert [item for item in agenda(NEXT, LATER, {}) if item.is_to_decide] == []


def test_a_handoff_that_nobody_answers_is_on_the_agenda() -> None:
    team = make_team()
    campaign = make_campaign(owner=make_user())
    offer(campaign.pk, make_user("eli", team=team, role="planner").pk, None, NOW)
    item = item_about(opened(), "handoff")
    assert (item.campaign, item.facts["to"]) == (campaign, "eli")


def test_closing_twice_writes_one_set_of_minutes_and_one_mail_to_each_member() -> None:
    teams = make_team(), make_team("success")
    ana = make_user("ana", team=teams[0], email="ana@example.com")
    teams[1].memberships.create(user=ana, role="viewer")
    make_user("gone", team=teams[0], email="gone@example.com", is_active=False)
    make_user("mute", team=teams[0])
    make_user("outside", email="outside@example.com")
    review = opened()
    assert [close_review(review.pk, None, LATER, "Once."), close_review(review.pk, None, NEXT_WEEK, "Twice.")] == [
        True,
        False,
    ]
    review.refresh_from_db()
    assert (review.state, review.closed_at, review.notes) == ("closed", LATER, "Once.")
    assert [mail.to for mail in MinutesMail.objects.all()] == [ana]
