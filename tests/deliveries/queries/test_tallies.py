"""What a tally says is what the ledger says, whatever happens to the rows of a send after it was counted."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.models import Send
from deliveries.models import Delivery, Tally
from deliveries.queries.tallies import Counts, counted, standing_tallies, states_of
from deliveries.services import ledger, tallying
from deliveries.services.tallying import LOOK_BACK, tally_finished
from deliveries.verdicts import Move
from tests.builders import NOW, make_campaign, make_customers, make_delivery, make_running_send

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
TOKEN = "lost"
ENDS = ("sent", "failed", "uncertain", "withheld", "cancelled", "expired", "missed")


def make_done_send(*states: str, due_at: datetime = NOW) -> Send:
    """A send that is over, with a message in each of these states."""
    send = make_running_send(make_campaign(), due_at)
    for state, customer in zip(states, make_customers(len(states)), strict=True):
        make_delivery(send, customer, state=state, lease_token=TOKEN if state == "uncertain" else "")
    Send.objects.filter(pk=send.pk).update(state="done")
    return send


def uncertain(send: Send) -> list[int]:
    return list(Delivery.objects.filter(send=send, state="uncertain").order_by("pk").values_list("pk", flat=True))


def test_a_send_that_is_over_is_not_counted_in_the_ledger_again() -> None:
    send = make_done_send("sent", "sent", "failed")
    assert (tally_finished(LATER), tally_finished(LATER)) == (1, 0)
    with CaptureQueriesContext(connection) as queries:
        assert states_of([send.pk]) == {send.pk: {"email": Counter(sent=2, failed=1)}}
    assert not [query["sql"] for query in queries if "deliveries_delivery" in query["sql"]]


@pytest.mark.parametrize("count", [1, 3])
def test_three_statements_whatever_the_number_of_sends(count: int) -> None:
    over = [make_done_send("sent", "uncertain").pk for _ in range(count)]
    tally_finished(LATER)
    under_way = [make_running_send(make_campaign()).pk for _ in range(count)]
    with CaptureQueriesContext(connection) as queries:
        assert states_of([*over, *under_way]) == {pk: {"email": Counter(sent=1, uncertain=1)} for pk in over}
    assert len(queries) == 3


def test_a_late_word_is_counted_at_once_and_the_tally_made_again() -> None:
    send = make_done_send("sent", "uncertain", "uncertain")
    tally_finished(LATER)
    ledger.record([Move(uncertain(send)[0], "sent", 1)], TOKEN, LATER)
    assert standing_tallies([send.pk]) == {}
    assert states_of([send.pk]) == {send.pk: {"email": Counter(sent=2, uncertain=1)}}
    assert tally_finished(LATER) == 1
    assert standing_tallies([send.pk]) == {send.pk: {"email": Counter(sent=2, uncertain=1)}}


def test_a_send_with_a_message_that_turned_out_not_to_have_left_has_no_tally_until_that_ends() -> None:
    send = make_done_send("sent", "uncertain")
    ledger.put_back(uncertain(send), TOKEN)
    assert tally_finished(LATER) == 0
    ledger.expire(Delivery.objects.filter(send=send).values_list("pk", flat=True), "too late", LATER)
    assert tally_finished(LATER) == 1


@pytest.mark.parametrize("state", ["admitting", "sending", "paused", "cancelled"])
def test_what_is_not_done_has_no_tally(state: str) -> None:
    send = make_done_send("sent")
    Send.objects.filter(pk=send.pk).update(state=state)
    assert (tally_finished(LATER), states_of([send.pk])) == (0, {send.pk: {"email": Counter(sent=1)}})


def test_sends_of_long_ago_are_counted_by_whoever_looks() -> None:
    send = make_done_send("sent", due_at=LATER - LOOK_BACK - timedelta(days=1))
    assert (tally_finished(LATER), states_of([send.pk])) == (0, {send.pk: {"email": Counter(sent=1)}})


# All that writes a state. Each is tried on every row, and takes those that it may.
WRITERS: dict[str, Callable[[list[int]], object]] = {
    "sent": lambda ids: ledger.record([Move(pk, "sent", 1) for pk in ids], TOKEN, LATER),
    "failed": lambda ids: ledger.record([Move(pk, "failed", 1) for pk in ids], TOKEN, LATER),
    "planned": lambda ids: ledger.record([Move(pk, "planned", 1, due_at=LATER) for pk in ids], TOKEN, LATER),
    "put back": lambda ids: ledger.put_back(ids, TOKEN),
    "mark": lambda ids: ledger.mark(ids, TOKEN, NOW - timedelta(days=1)),
    "claim": lambda ids: ledger.claim(ids, TOKEN, NOW - timedelta(days=1)),
    "doubt": lambda ids: ledger.doubt_lapsed(ids, LATER),
    "repeat": lambda ids: ledger.repeat_lapsed(ids, LATER),
    "release": lambda ids: ledger.release_lapsed(ids, LATER),
    "withdraw": lambda ids: ledger.withdraw(ids, "unsubscribed", LATER),
    "cancel": lambda ids: ledger.cancel(ids, LATER),
    "miss": lambda ids: ledger.miss(ids, "too late", LATER),
    "expire": lambda ids: ledger.expire(ids, "too late", LATER),
    "end": lambda ids: ledger.end_planned([Move(pk, "sent", 1) for pk in ids], LATER),
    "tally": lambda _: tally_finished(LATER),
}


@settings(max_examples=60)
@given(
    states=st.lists(st.sampled_from(ENDS), max_size=5),
    steps=st.lists(st.tuples(st.sampled_from(sorted(WRITERS)), st.sets(st.integers(0, 4), min_size=1)), max_size=8),
)
def test_whatever_is_written_afterwards_the_counts_are_those_of_the_ledger(
    states: list[str], steps: list[tuple[str, set[int]]]
) -> None:
    Tally.objects.all().delete()
    Send.objects.update(state="cancelled")
    send = make_done_send(*states)
    tally_finished(LATER)
    ids = list(Delivery.objects.filter(send=send).order_by("pk").values_list("pk", flat=True))
    for name, places in steps:
        WRITERS[name]([ids[place] for place in sorted(places) if place < len(ids)])
        assert states_of([send.pk]).get(send.pk, {}) == counted([send.pk]).get(send.pk, {})


def test_a_send_that_is_over_and_reached_nobody_is_left_out_before_and_after_it_is_counted() -> None:
    send = make_done_send()
    assert (states_of([send.pk]), tally_finished(LATER), states_of([send.pk]), tally_finished(LATER)) == ({}, 1, {}, 0)


def test_one_that_cannot_be_counted_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_done_send("sent"), make_done_send("sent")

    def fail_at_the_first(send_ids: list[int]) -> dict[int, Counts]:
        if send_ids == [first.pk]:
            raise OperationalError("canceling statement due to statement timeout")
        return counted(send_ids)

    monkeypatch.setattr(tallying, "counted", fail_at_the_first)
    assert tally_finished(LATER) == 1
    assert standing_tallies([first.pk, second.pk]).keys() == {second.pk}


def test_what_another_tick_has_counted_meanwhile_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_done_send("sent"), make_done_send("sent")
    seen: list[int] = []

    def count_beside_another(send_ids: list[int]) -> dict[int, Counts]:
        seen.extend(send_ids)
        monkeypatch.setattr(tallying, "counted", counted)
        tally_finished(LATER)
        return counted(send_ids)

    monkeypatch.setattr(tallying, "counted", count_beside_another)
    assert (tally_finished(LATER), seen) == (1, [first.pk])
    assert standing_tallies([first.pk, second.pk]).keys() == {first.pk, second.pk}
