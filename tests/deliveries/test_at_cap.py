"""Who is at a cap before and after a move: the same decision as admission, at both moments."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from audiences.models import Customer, Workspace
from campaigns.models import Campaign, Send
from campaigns.queries.sides import checked_campaigns
from campaigns.slots import Slot
from deliveries.models import Cap
from deliveries.queries import at_cap
from deliveries.queries.admission import decide_shard
from deliveries.queries.at_cap import AtCap, at_cap_by_move
from deliveries.queries.forecast import forecast
from tests.builders import NOW
from tests.deliveries.scenes import SPREAD, admit_all, approve, make_approved_send, make_cap, make_spread

pytestmark = pytest.mark.django_db
TUESDAY = NOW + timedelta(days=1)
FAR = NOW + timedelta(days=21)


def look(send: Send, days: int, hours: int = 0) -> AtCap:
    at = send.due_at + timedelta(days=days, hours=hours)
    sides = [each.side for each in checked_campaigns(NOW)]
    return at_cap_by_move(Send.objects.select_related("campaign").get(pk=send.pk), Slot("", at, at), sides, NOW)


def test_moved_away_from_what_comes_first_it_reaches_everybody() -> None:
    make_spread()
    make_cap(1)
    make_approved_send(SPREAD[:4], TUESDAY, priority=90)
    send = make_approved_send(SPREAD, TUESDAY + timedelta(days=1))
    assert look(send, 20) == AtCap(before=4, after=0, reached_before=2, reached_after=6, neighbours=0)


def test_those_whom_it_takes_slots_from_are_counted_once_however_many_sends_they_miss() -> None:
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD[:3], TUESDAY, priority=90)
    for hours in (1, 2):
        make_approved_send(SPREAD, TUESDAY + timedelta(hours=hours), priority=10)
    told = look(send, 20)
    # At home two sends yield to it; far away the first of them still takes the slots of the second.
    assert (told.before, told.after, told.neighbours) == (3, 3, 2)
    Send.objects.order_by("pk").last().delete()  # type: ignore[union-attr]
    told = look(send, 20)
    assert (told.before, told.after, told.neighbours) == (3, 0, 1)


def test_a_draft_counts_as_if_it_were_approved() -> None:
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD[:3], TUESDAY, priority=90)
    make_approved_send(SPREAD, TUESDAY + timedelta(hours=1), priority=10)
    approved = look(send, 20)
    Campaign.objects.filter(pk=send.campaign_id).update(status="draft", approved_version=None)
    assert look(send, 20) == approved


def test_what_went_out_already_holds_its_slots_at_both_moments() -> None:
    make_spread()
    make_cap(1, days=2)
    make_approved_send([256, 1024], NOW)
    admit_all(NOW)
    send = make_approved_send(SPREAD, TUESDAY)
    assert look(send, 3) == AtCap(before=2, after=0, reached_before=4, reached_after=6, neighbours=0)


def test_what_is_foretold_is_what_the_forecast_says_once_it_is_moved() -> None:
    make_spread()
    make_cap(1)
    make_approved_send(SPREAD[:2], TUESDAY + timedelta(days=10), priority=90)
    send = make_approved_send(SPREAD, TUESDAY)
    later = make_approved_send(SPREAD[1:4], TUESDAY + timedelta(days=11), priority=10)
    told = look(send, 10, 1)
    Send.objects.filter(pk=send.pk).update(due_at=send.due_at + timedelta(days=10, hours=1))
    approve(send.campaign)
    send.refresh_from_db()
    (own,) = forecast(send.campaign, send.due_at, NOW)
    assert (told.reached_after, own.admitted) == (4, 4)
    (neighbour,) = forecast(later.campaign, later.due_at, NOW)
    assert sum(neighbour.by_reason.values()) == 3
    assert told.after == 4  # two who yield here, and two more who yield there
    assert look(send, -10, -1).before == told.after


@pytest.mark.parametrize("fields", [{"counts_toward_caps": False}, {"transactional": True}])
def test_what_takes_no_slots_has_no_neighbours(fields: dict[str, Any]) -> None:
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD, TUESDAY, priority=90, **fields)
    make_approved_send(SPREAD, TUESDAY + timedelta(hours=1), priority=10)
    assert look(send, 20).neighbours == 0


def test_sends_that_it_takes_nothing_from_are_not_counted() -> None:
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD[:3], TUESDAY)
    make_approved_send(SPREAD[3:], TUESDAY, priority=10)  # nobody in common
    make_approved_send(SPREAD, TUESDAY, priority=90)  # comes first wherever it stands
    make_approved_send(SPREAD, FAR, priority=10)  # another window
    make_approved_send(SPREAD, TUESDAY, priority=10, obeys_caps=False)
    assert look(send, 0, 1).neighbours == 0


def test_no_more_neighbours_are_asked_than_the_bound_and_those_with_most_in_common_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(at_cap, "MOST_NEIGHBOURS", 2)
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD, TUESDAY, priority=90)
    for size in (1, 5, 4):
        make_approved_send(SPREAD[:size], TUESDAY + timedelta(hours=size), priority=10)
    told = look(send, 20)
    assert (told.before, told.after, told.neighbours) == (5, 4, 2)


def test_in_a_full_calendar_fewer_are_asked_and_one_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_cap, "MOST_LOOKS", 2)
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD, TUESDAY, priority=90)
    for hours in range(4):
        make_approved_send(SPREAD, TUESDAY + timedelta(hours=hours), priority=10)
    assert look(send, 20).neighbours == 1


def test_nothing_is_written_and_nothing_is_locked() -> None:
    make_spread()
    make_cap(1)
    send = make_approved_send(SPREAD[:3], TUESDAY, priority=90)
    make_approved_send(SPREAD, TUESDAY + timedelta(hours=1), priority=10)
    Workspace.current()
    with CaptureQueriesContext(connection) as queries:
        look(send, 20)
    words = {query["sql"].split()[0].upper() for query in queries}
    assert words == {"SELECT"}
    assert not [query for query in queries if "FOR UPDATE" in query["sql"] or "FOR NO KEY" in query["sql"]]
    assert not [query for query in queries if "advisory" in query["sql"]]


def alone(occasion: Any, shard: Any, rules: Any, now: Any, look: Any, supposed: Any = None) -> Any:
    """A decision that has nothing in common with the others of a dry run."""
    return decide_shard(occasion, shard, rules, now, supposed=supposed)


SENDS = st.tuples(
    st.sets(st.sampled_from(SPREAD), min_size=1),
    st.integers(1, 60),
    st.sampled_from([10, 50, 90]),
    st.sampled_from([["email"], ["in_app"], ["email", "in_app"]]),
    st.booleans(),
)


@settings(max_examples=25)
@given(
    plans=st.lists(SENDS, min_size=2, max_size=5),
    caps=st.lists(st.tuples(st.integers(1, 2), st.sampled_from([1, 2, 7])), min_size=1, max_size=2),
    by=st.tuples(st.integers(-1, 3), st.integers(-5, 5)),
)
def test_decisions_that_share_what_they_read_are_those_that_each_would_be_alone(
    plans: list[tuple[set[int], int, int, list[str], bool]], caps: list[tuple[int, int]], by: tuple[int, int]
) -> None:
    Campaign.objects.all().delete()
    Cap.objects.all().delete()
    if not Customer.objects.exists():
        make_spread(SPREAD[:3], timezone="America/New_York")
        make_spread(SPREAD[3:])
    for cap in caps:
        make_cap(*cap)
    for place, (members, hours, priority, channels, is_local) in enumerate(plans, 1):
        at = NOW + timedelta(hours=hours)
        local = f"{at:%Y-%m-%dT%H:%M}" if is_local else ""
        # The last one is moved: of a high order, so that others are in its way and it is in theirs.
        priority = 80 if place == len(plans) else priority
        send = make_approved_send(members, at, local, priority=priority, channels=channels)
    together = look(send, *by)
    with mock.patch.object(at_cap, "decide_shard", alone):
        assert look(send, *by) == together
