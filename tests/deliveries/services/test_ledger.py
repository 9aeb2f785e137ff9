from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import F

from audiences.models import Customer, Subscription, Suppression
from campaigns.models import Campaign, Send
from deliveries.models import Delivery
from deliveries.services import ledger
from deliveries.services.claiming import Known
from deliveries.services.claiming import claim as claim_window
from deliveries.verdicts import Move
from tests.builders import NOW
from tests.deliveries.dispatches import claim_rows, make_memory_send, only, states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory")]
MINE = "mine"
LATER = NOW + timedelta(minutes=5)


def mark(token: str = MINE, now: datetime = NOW) -> list[int]:
    return claim_rows(token, now=now)


def claim(send: Send) -> list[int]:
    """Rows that wait for another moment, in the hands of a worker."""
    ids = [only(send).pk]
    ledger.claim(ids, MINE, NOW)
    return ids


def test_the_longest_due_are_claimed_first() -> None:
    send = make_memory_send(3)
    first, second, third = Delivery.objects.filter(send=send).order_by("pk")
    Delivery.objects.filter(pk=third.pk).update(due_at=NOW - timedelta(hours=1))
    assert claim_rows("mine", limit=2) == [third.pk, first.pk]
    assert claim_rows("other", limit=2) == [second.pk]


def test_another_channel_claims_nothing() -> None:
    make_memory_send(1)
    assert claim_rows("mine", "email") == []


def test_the_urgent_and_the_bulk_are_claimed_apart() -> None:
    make_memory_send(2)
    urgent = Delivery.objects.order_by("pk")[0]
    Delivery.objects.filter(pk=urgent.pk).update(urgent=True)
    assert urgent.pk not in claim_rows("mine")
    with transaction.atomic():
        assert list(claim_window("memory", "other", NOW, 10, Known(), urgent=True, before=None).ready) == [urgent.pk]


def test_a_mark_whose_answer_was_lost_gives_the_same_rows_again_and_no_others() -> None:
    make_memory_send(3)
    first = claim_window("memory", MINE, NOW, 2, Known(), urgent=False, before=None)
    marked = list(first.ready)
    again = claim_window("memory", MINE, NOW, 2, Known(), urgent=False, before=first)
    assert (list(again.ready), len(marked)) == (marked, 2)


def test_an_outcome_whose_answer_was_lost_counts_once() -> None:
    send = make_memory_send(1)
    ids = mark()
    for _ in range(2):
        ledger.record([Move(ids[0], "planned", 1, due_at=LATER)], "mine", NOW)
    assert (only(send).state, only(send).attempts, only(send).due_at) == ("planned", 1, LATER)


def test_an_outcome_with_a_foreign_token_changes_nothing() -> None:
    send = make_memory_send(1)
    ids = mark()
    ledger.record([Move(ids[0], "sent", 1)], "other", NOW)
    assert states(send) == {"sending": 1}


@pytest.mark.parametrize("change", ["suppressed", "unsubscribed", "erased"])
def test_invariant_05_the_mark_looks_at_consent_itself_whoever_changed_it(change: str) -> None:
    """An import changes consent and withdraws nothing: the last look must not lean on the withdrawal."""
    send = make_memory_send(1)
    customer_id = only(send).customer_id
    if change == "suppressed":
        Suppression.objects.create(customer_id=customer_id, channel="memory", reason="manual")
    elif change == "unsubscribed":
        topic, said = only(send).topic, {"subscribed": False, "source": "import", "changed_at": NOW}
        Subscription.objects.create(customer_id=customer_id, topic=topic, channel="memory", **said)
    else:
        Customer.objects.filter(pk=customer_id).update(erased_at=NOW)
    assert mark() == []
    assert (only(send).state, only(send).reason) == ("withheld", change)


@pytest.mark.parametrize(
    "send_fields",
    [{"state": Send.State.PAUSED}, {"state": Send.State.CANCELLED}, {"state": Send.State.SCHEDULED}],
)
def test_invariant_05_nothing_is_marked_for_a_send_that_is_not_on(send_fields: dict[str, str]) -> None:
    make_memory_send(1)
    Send.objects.update(**send_fields)
    assert mark() == []


@pytest.mark.parametrize("status", [Campaign.Status.PAUSED, Campaign.Status.CANCELLED])
def test_invariant_05_nothing_is_marked_for_a_campaign_that_was_stopped(status: str) -> None:
    make_memory_send(1)
    Campaign.objects.update(status=status)
    assert mark() == []


def test_invariant_05_nothing_is_marked_once_quiet_hours_begin_or_it_expires() -> None:
    send = make_memory_send(2)
    Delivery.objects.update(closes_at=F("due_at"))
    assert mark() == []
    Delivery.objects.update(closes_at=NOW + timedelta(days=9), state="planned", lease_token="")
    assert mark(now=Delivery.objects.filter(send=send)[0].expires_at) == []


def test_what_was_put_back_can_be_claimed_again_with_the_same_message_id() -> None:
    send = make_memory_send(1)
    ids = mark()
    first = only(send).message_id
    assert ledger.put_back(ids, "mine") == 1
    assert mark("other") == ids
    assert only(send).message_id == first


def test_a_lease_that_ran_out_gives_a_claimed_row_back() -> None:
    send = make_memory_send(1)
    ids = claim(send)
    assert ledger.release_lapsed(ids, NOW) == 0
    assert ledger.release_lapsed(ids, LATER) == 1
    assert states(send) == {"planned": 1}


def test_a_renewed_lease_holds() -> None:
    ids = claim(make_memory_send(1))
    assert ledger.renew(ids, "mine", LATER) == 1
    assert ledger.release_lapsed(ids, LATER) == 0


def test_the_word_of_a_worker_that_was_taken_for_lost_settles_the_row() -> None:
    send = make_memory_send(1)
    ids = mark()
    ledger.doubt_lapsed(ids, LATER)
    assert states(send) == {"uncertain": 1}
    ledger.record([Move(ids[0], "sent", 1)], "mine", LATER)
    assert states(send) == {"sent": 1}


@pytest.mark.parametrize("state", ["sending", "sent", "uncertain", "failed"])
def test_what_left_or_may_have_left_is_not_withdrawn(state: str) -> None:
    send = make_memory_send(1)
    Delivery.objects.update(state=state)
    assert ledger.withdraw([only(send).pk], "unsubscribed", NOW) == 0
    assert only(send).state == state
