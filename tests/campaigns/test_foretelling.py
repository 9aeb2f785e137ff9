"""The findings that a dry run foretells are those that the checker writes after the move, whatever is moved where."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiences.models import Customer
from campaigns.models import Campaign, Finding, Send
from campaigns.queries.findings import foretell, found_among
from campaigns.queries.sides import checked_campaigns
from campaigns.services import sends
from campaigns.services.overlaps import check_overlaps
from campaigns.services.versions import record_version
from tests.builders import NOW, make_campaign, make_customers, make_segment, make_topic

pytestmark = pytest.mark.django_db
DAYS = st.integers(1, 12)
RULES = ("", "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;COUNT=3", "FREQ=DAILY;INTERVAL=4;COUNT=4")


def plan(people: list[Customer], day: int, rule: str, topic: str) -> Campaign:
    campaign = make_campaign(
        [make_segment(people)],
        start_date=NOW.date() + timedelta(days=day),
        local_time=time(9, 0),
        trigger="recurring" if rule else "at",
        rrule=rule,
        topic=make_topic(topic),
        goal_event="",
    )
    record_version(campaign.pk, None, NOW)
    return campaign


def open_keys(campaign: Campaign) -> set[str]:
    found = Finding.objects.exclude(state=Finding.State.RESOLVED)
    return {each.key for each in found if campaign.pk in (each.first_id, each.second_id)}


@settings(max_examples=25)
@given(
    plans=st.lists(
        st.tuples(
            st.sets(st.integers(0, 29), min_size=1),
            DAYS,
            st.sampled_from(RULES),
            st.sampled_from(["tips", "offers"]),
        ),
        min_size=2,
        max_size=5,
    ),
    which=st.integers(0, 100),
    to=st.tuples(DAYS, st.integers(0, 23)),
)
def test_after_the_move_and_the_check_the_findings_are_as_foretold(
    plans: list[tuple[set[int], int, str, str]], which: int, to: tuple[int, int]
) -> None:
    Campaign.objects.all().delete()
    people = list(Customer.objects.all()) or make_customers(30)
    made = [plan([people[number] for number in sorted(whose)], *rest) for whose, *rest in plans]  # type: ignore[arg-type]
    campaign = made[which % len(made)]
    send = campaign.sends.order_by("due_at")[which % campaign.sends.count()]
    check_overlaps(NOW)
    due_at = NOW.replace(hour=to[1]) + timedelta(days=to[0])

    told = foretell([each.side for each in checked_campaigns(NOW)], campaign.pk, send.pk, due_at)
    stays = {before.key for before, _ in told.stays}
    assert open_keys(campaign) == stays | {each.key for each in told.solved}

    sends.move(send.pk, due_at.replace(tzinfo=None), None, NOW, send.sequence)
    check_overlaps(NOW, campaign.pk)
    assert open_keys(campaign) == stays | {each.key for each in told.new}
    counted = {found.key: found.overlap.sends_total for found in (*told.new, *(after for _, after in told.stays))}
    assert dict(Finding.objects.filter(key__in=counted).values_list("key", "sends_total")) == counted


def test_foretelling_reads_and_writes_nothing_of_its_own(django_assert_num_queries: object) -> None:
    people = make_customers(3)
    first, _ = plan(people, 1, "", "tips"), plan(people, 2, "", "tips")
    sides = [each.side for each in checked_campaigns(NOW)]
    send = Send.objects.filter(campaign=first).get()
    with django_assert_num_queries(0):  # type: ignore[operator]
        told = foretell(sides, first.pk, send.pk, NOW + timedelta(days=30))
    assert ([each.key for each in told.solved], told.new, told.stays) == ([*found_among(sides)], (), ())


def test_a_finding_that_stays_says_in_how_many_pairs() -> None:
    people = make_customers(3)
    once, daily = plan(people, 1, "", "tips"), plan(people, 1, "FREQ=DAILY;COUNT=3", "tips")
    sides = [each.side for each in checked_campaigns(NOW)]
    to = datetime.fromisoformat("2026-11-28T09:00:00+00:00")
    ((before, after),) = foretell(sides, once.pk, once.sends.get().pk, to).stays
    assert (before.overlap.sends_total, after.overlap.sends_total) == (3, 2)
    assert daily.sends.count() == 3
